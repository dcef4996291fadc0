//! Resolvers over UDP and TCP (RFC 1035), each with an answer of its own to
//! every name, so that split DNS, forgery and silence can be shown.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hickory_resolver::proto::op::{Message, MessageType, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA};
use hickory_resolver::proto::rr::{RData, Record, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::error::{Error, Result};
use crate::events::{Event, EventLog};
use crate::places::{PLACES, is_public};
use crate::serve::Net;
use crate::serve::http::{Reply, Site, site};
use crate::testbed::Testbed;
use gomend_core::text;

/// What a resolver says to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// These addresses; a family without any gets an empty answer.
    Addresses(Vec<IpAddr>),
    /// The name doesn't exist.
    NxDomain,
    /// The resolver failed.
    ServFail,
    /// The resolver is not for this client or name.
    Refused,
    /// Nothing at all.
    Silence,
    /// The answer inside, late.
    Late(Duration, Box<Answer>),
}

impl Answer {
    /// What is said in the end; `None`: nothing.
    fn code(&self) -> Option<ResponseCode> {
        match self {
            Self::Addresses(_) => Some(ResponseCode::NoError),
            Self::NxDomain => Some(ResponseCode::NXDomain),
            Self::ServFail => Some(ResponseCode::ServFail),
            Self::Refused => Some(ResponseCode::Refused),
            Self::Silence => None,
            Self::Late(_, answer) => answer.code(),
        }
    }
}

/// A resolver's knowledge: names, and what it says to all others.
#[derive(Debug, Clone)]
pub struct Zone {
    names: BTreeMap<String, Answer>,
    others: Answer,
    delay: Duration,
    /// What the first so many questions are answered instead.
    first: (usize, Option<Box<Answer>>),
    /// Every so many-th question is lost; 0: none. All copies count together.
    loses: usize,
    /// Every so many-th answer takes so long instead; 0: none.
    lags: (usize, Duration),
    asked: Arc<AtomicUsize>,
}

impl Zone {
    /// The office's resolver, which knows every name of the laboratory.
    #[must_use]
    pub fn office() -> Self {
        Self::of(|_| true)
    }

    /// A public resolver: public names only.
    #[must_use]
    pub fn public() -> Self {
        Self::of(is_public)
    }

    fn of(known: impl Fn(&str) -> bool) -> Self {
        let names = PLACES
            .iter()
            .filter(|place| known(place.name))
            .map(|place| {
                (
                    place.name.into(),
                    Answer::Addresses(vec![place.address.into()]),
                )
            })
            .collect();
        Self {
            names,
            ..Self::always(Answer::NxDomain)
        }
    }

    /// The same answer to everything.
    #[must_use]
    pub fn always(answer: Answer) -> Self {
        Self {
            names: BTreeMap::new(),
            others: answer,
            delay: Duration::ZERO,
            first: (0, None),
            loses: 0,
            lags: (0, Duration::ZERO),
            asked: Arc::default(),
        }
    }

    /// Another answer for one name.
    #[must_use]
    pub fn with(mut self, name: &str, answer: Answer) -> Self {
        self.names.insert(name.into(), answer);
        self
    }

    /// Every answer takes so long.
    #[must_use]
    pub fn late(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Every `nth` answer takes so long instead.
    #[must_use]
    pub fn lagging(mut self, nth: usize, delay: Duration) -> Self {
        self.lags = (nth, delay);
        self
    }

    /// The first so many questions are answered so, whoever asks them.
    #[must_use]
    pub fn first(mut self, count: usize, answer: Answer) -> Self {
        self.first = (count, Some(Box::new(answer)));
        self
    }

    /// Every `nth` question gets no answer, whoever asks it.
    #[must_use]
    pub fn losing(mut self, nth: usize) -> Self {
        self.loses = nth;
        self
    }

    fn answer(&self, name: &str) -> Answer {
        let count = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        if let (first, Some(answer)) = &self.first
            && count <= *first
        {
            return (**answer).clone();
        }
        if self.loses > 0 && count.is_multiple_of(self.loses) {
            return Answer::Silence;
        }
        let answer = self.names.get(name).unwrap_or(&self.others).clone();
        let delay = match self.lags {
            (nth @ 1.., delay) if count.is_multiple_of(nth) => delay,
            _ => self.delay,
        };
        if delay.is_zero() {
            return answer;
        }
        Answer::Late(delay, Box::new(answer))
    }
}

/// The same over HTTPS (RFC 8484, POST): a site for any path. What it is asked
/// stands in the journal as a question to `server` over TCP.
#[must_use]
pub fn over_https(net: &Net, server: SocketAddr, zone: Zone) -> Site {
    let journal = net.journal.clone();
    site(move |request| {
        let Some((question, mut answer)) = read(&request.body, server, &zone, &journal, true)
        else {
            return Reply::text(400, "no DNS message\n");
        };
        while let Answer::Late(delay, late) = answer {
            std::thread::sleep(delay); // a site may block
            answer = *late;
        }
        match message(&question, &answer) {
            Some(message) => Reply::new(200, "application/dns-message", message),
            None => Reply::text(504, "no answer\n"),
        }
    })
}

/// Starts a resolver on port 53 of `address`, over UDP and TCP.
pub fn resolver(world: &Testbed, net: &Net, address: IpAddr, zone: Zone) -> Result<()> {
    let address = SocketAddr::new(address, 53);
    let zone = Arc::new(zone);
    let udp = world.udp(address)?;
    udp.set_nonblocking(true)
        .map_err(|error| Error::Io(text!("serve DNS"), error))?;
    let context = net.context();
    let udp = tokio::net::UdpSocket::from_std(udp)
        .map_err(|error| Error::Io(text!("serve DNS"), error))?;
    drop(context);
    net.spawn(over_udp(
        Arc::new(udp),
        address,
        Arc::clone(&zone),
        net.journal.clone(),
    ));
    let journal = net.journal.clone();
    net.accept(world.listen(address, 64)?, move |stream, _| {
        over_tcp(stream, address, Arc::clone(&zone), journal.clone())
    })?;
    Ok(())
}

async fn over_udp(
    socket: Arc<tokio::net::UdpSocket>,
    server: SocketAddr,
    zone: Arc<Zone>,
    journal: EventLog,
) {
    let mut buffer = [0; 4096];
    loop {
        let Ok((size, peer)) = socket.recv_from(&mut buffer).await else {
            continue;
        };
        let Some((question, answer)) = read(&buffer[..size], server, &zone, &journal, false) else {
            continue;
        };
        let socket = Arc::clone(&socket);
        tokio::spawn(async move {
            if let Some(reply) = reply(question, answer).await {
                // The client may have given up; it will not be told twice.
                let _ = socket.send_to(&reply, peer).await;
            }
        });
    }
}

async fn over_tcp(mut stream: TcpStream, server: SocketAddr, zone: Arc<Zone>, journal: EventLog) {
    while let Ok(size) = stream.read_u16().await {
        let mut buffer = vec![0; usize::from(size)];
        if stream.read_exact(&mut buffer).await.is_err() {
            return;
        }
        let Some((question, answer)) = read(&buffer, server, &zone, &journal, true) else {
            return;
        };
        let Some(reply) = reply(question, answer).await else {
            return;
        };
        let size = u16::try_from(reply.len()).expect("a few addresses fit a DNS message");
        let framed = [&size.to_be_bytes(), reply.as_slice()].concat();
        if stream.write_all(&framed).await.is_err() {
            return;
        }
    }
}

/// Reads a question, writes it down and finds its answer.
fn read(
    bytes: &[u8],
    server: SocketAddr,
    zone: &Zone,
    journal: &EventLog,
    tcp: bool,
) -> Option<(Message, Answer)> {
    let question = Message::from_vec(bytes).ok()?;
    let query = question.queries.first()?;
    let name = query
        .name()
        .to_lowercase()
        .to_string()
        .trim_end_matches('.')
        .to_owned();
    let kind = query.query_type().to_string();
    let answer = zone.answer(&name);
    journal.note(Event::Dns {
        server,
        name,
        kind,
        tcp,
        rcode: answer.code().map(ResponseCode::low),
    });
    Some((question, answer))
}

/// The message to send, after the time that it takes; `None` for silence.
async fn reply(question: Message, mut answer: Answer) -> Option<Vec<u8>> {
    while let Answer::Late(delay, late) = answer {
        tokio::time::sleep(delay).await;
        answer = *late;
    }
    message(&question, &answer)
}

/// The message that says this.
fn message(question: &Message, answer: &Answer) -> Option<Vec<u8>> {
    let query = question.queries.first()?.clone();
    let mut message = Message::new(
        question.metadata.id,
        MessageType::Response,
        question.metadata.op_code,
    );
    message.metadata.recursion_desired = question.metadata.recursion_desired;
    message.metadata.recursion_available = true;
    message.metadata.response_code = answer.code()?;
    if let Answer::Addresses(addresses) = answer {
        let data = addresses
            .iter()
            .filter_map(|address| match (address, query.query_type()) {
                (IpAddr::V4(v4), RecordType::A) => Some(RData::A(A(*v4))),
                (IpAddr::V6(v6), RecordType::AAAA) => Some(RData::AAAA(AAAA(*v6))),
                _ => None,
            });
        for data in data {
            message.add_answer(Record::from_rdata(query.name().clone(), 60, data));
        }
    }
    message.add_query(query);
    message.to_vec().ok()
}
