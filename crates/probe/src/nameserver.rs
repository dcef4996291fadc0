//! Asks one nameserver for one name: A and AAAA, UDP first, TCP after a
//! truncated answer (RFC 1035, 7766), EDNS as Go sends it (RFC 6891).
//!
//! The sockets are our own, so that silence, an ICMP refusal and every rcode
//! stay apart; hickory writes and reads the messages. [`once`] asks a single
//! question and never again, for who counts what is lost; [`question_for`] and
//! [`answer_of`] are the messages alone, for other transports (RFC 8484).

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use hickory_resolver::proto::op::{Edns, Message, MessageType, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, RecordType};

use super::dial::Timed;
use super::dns::{Answer, Asked, Transport};
use crate::tool::TICK;

/// When a question is sent again: half of the shortest patience that a probe has.
const AGAIN: Duration = Duration::from_millis(600);

/// The most addresses and aliases that are kept of one answer: a hostile one may hold thousands.
const KEPT: usize = 64;

/// Asks `server` for the addresses of `name`, which is taken as complete.
pub(super) fn ask(server: SocketAddr, name: &str, deadline: Instant) -> Asked {
    let started = Instant::now();
    let mut asked = Asked {
        server: server.to_string(),
        name: name.to_owned(),
        ..Asked::default()
    };
    let Ok(mut qname) = Name::from_ascii(name) else {
        asked.answer = Answer::Garbled; // is_host let it through, and it is longer than DNS allows
        return asked;
    };
    qname.set_fqdn(true);
    let questions = [RecordType::A, RecordType::AAAA].map(|kind| question(&qname, kind));
    let replies = match over_udp(server, &questions, deadline, Some(AGAIN)) {
        Ok(replies)
            if replies
                .iter()
                .flatten()
                .any(|reply| reply.metadata.truncation) =>
        {
            asked.transport = Transport::Tcp;
            questions
                .each_ref()
                .map(|question| over_tcp(server, question, deadline).ok().flatten())
        }
        Ok(replies) => replies,
        Err(answer) => {
            asked.answer = answer;
            asked.ms = millis(started);
            return asked;
        }
    };
    asked.ms = millis(started);
    read(&mut asked, &replies);
    asked
}

/// Asks for the IPv4 addresses of `name`, once: what is lost stays lost.
#[must_use]
pub fn once(server: SocketAddr, name: &str, deadline: Instant) -> Asked {
    let mut asked = Asked {
        server: server.to_string(),
        name: name.to_owned(),
        ..Asked::default()
    };
    let Some(question) = question_for(name) else {
        asked.answer = Answer::Garbled;
        return asked;
    };
    match over_udp(server, std::array::from_ref(&question), deadline, None) {
        Ok([Some(reply)]) if reply.metadata.truncation => {
            asked.transport = Transport::Tcp;
            let reply = over_tcp(server, &question, deadline).ok().flatten();
            read(&mut asked, &[reply]);
        }
        Ok(replies) => read(&mut asked, &replies),
        Err(answer) => asked.answer = answer,
    }
    asked
}

/// The question for the IPv4 addresses of a name; `None`: DNS has no such names.
#[must_use]
pub fn question_for(name: &str) -> Option<Message> {
    let mut name = Name::from_ascii(name).ok()?;
    name.set_fqdn(true);
    Some(question(&name, RecordType::A))
}

/// What a message says that came back on a connection of its own.
#[must_use]
pub fn answer_of(bytes: &[u8]) -> Asked {
    let mut asked = Asked {
        transport: Transport::Tcp,
        answer: Answer::Garbled,
        ..Asked::default()
    };
    if let Ok(reply) = Message::from_vec(bytes) {
        read(&mut asked, &[Some(reply)]);
    }
    asked
}

/// Milliseconds since then.
pub(super) fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn question(name: &Name, kind: RecordType) -> Message {
    let mut message = Message::query();
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(name.clone(), kind));
    let mut edns = Edns::new();
    edns.set_max_payload(1232); // as Go: what passes every path without fragments
    message.set_edns(edns);
    message
}

fn unreachable(error: &std::io::Error) -> Option<Answer> {
    match error.kind() {
        ErrorKind::ConnectionRefused | ErrorKind::PermissionDenied => Some(Answer::Unreachable),
        ErrorKind::NetworkUnreachable
        | ErrorKind::HostUnreachable
        | ErrorKind::AddrNotAvailable => Some(Answer::NoRoute),
        _ => None,
    }
}

/// All questions at once, each answered, or what stands in the way of all. `again`: when one
/// that is not answered is sent once more.
fn over_udp<const N: usize>(
    server: SocketAddr,
    questions: &[Message; N],
    deadline: Instant,
    again: Option<Duration>,
) -> Result<[Option<Message>; N], Answer> {
    let any: SocketAddr = if server.is_ipv4() {
        ([0, 0, 0, 0], 0).into()
    } else {
        ([0_u16; 8], 0).into()
    };
    let failed = |error: std::io::Error| unreachable(&error).unwrap_or(Answer::Unreachable);
    let socket = UdpSocket::bind(any).map_err(failed)?;
    socket.connect(server).map_err(failed)?; // only this server's packets, and its ICMP errors, arrive
    let mut replies = [const { None }; N];
    let mut send_at = Instant::now();
    let mut buffer = [0; 4096];
    while replies.iter().any(Option::is_none) {
        let now = Instant::now();
        if now >= deadline {
            break;
        }
        if now >= send_at {
            for (question, _) in questions
                .iter()
                .zip(&replies)
                .filter(|(_, reply)| reply.is_none())
            {
                let bytes = question.to_vec().map_err(|_| Answer::Garbled)?;
                socket.send(&bytes).map_err(failed)?;
            }
            send_at = again.map_or(deadline, |again| now + again);
        }
        let patience = send_at
            .min(deadline)
            .saturating_duration_since(now)
            .max(Duration::from_millis(1));
        socket.set_read_timeout(Some(patience)).map_err(failed)?;
        match socket.recv(&mut buffer) {
            Ok(length) => {
                let Ok(reply) = Message::from_vec(&buffer[..length]) else {
                    continue;
                };
                for (question, place) in questions.iter().zip(&mut replies) {
                    if answers(&reply, question) && place.is_none() {
                        *place = Some(reply.clone());
                    }
                }
            }
            Err(error) => {
                if let Some(answer) = unreachable(&error) {
                    return Err(answer);
                }
            }
        }
    }
    Ok(replies)
}

/// The same question over TCP: a length of two bytes, then the message.
fn over_tcp(
    server: SocketAddr,
    question: &Message,
    deadline: Instant,
) -> std::io::Result<Option<Message>> {
    let patience = || deadline.saturating_duration_since(Instant::now()).max(TICK);
    let stream = TcpStream::connect_timeout(&server, patience())?;
    let mut stream = Timed::new(&stream, deadline);
    let bytes = question.to_vec().map_err(std::io::Error::other)?;
    let length = u16::try_from(bytes.len()).map_err(std::io::Error::other)?;
    stream.write_all(&length.to_be_bytes())?;
    stream.write_all(&bytes)?;
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut reply = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut reply)?;
    Ok(Message::from_vec(&reply)
        .ok()
        .filter(|reply| answers(reply, question)))
}

fn answers(reply: &Message, question: &Message) -> bool {
    reply.metadata.message_type == MessageType::Response
        && reply.metadata.id == question.metadata.id
        && reply.queries.first().is_none_or(|query| {
            question.queries.first().is_some_and(|ours| {
                ours.query_type() == query.query_type() && ours.name() == query.name()
            })
        })
}

/// A and AAAA taken together: addresses win, then a clear no, then trouble, then silence.
fn read(asked: &mut Asked, replies: &[Option<Message>]) {
    let mut verdicts = Vec::new();
    for reply in replies.iter().flatten() {
        let mut found = Vec::new();
        for record in &reply.answers {
            match &record.data {
                RData::A(address) => found.push(IpAddr::V4(address.0)),
                RData::AAAA(address) => found.push(IpAddr::V6(address.0)),
                RData::CNAME(name) => {
                    let name = name.0.to_ascii();
                    if asked.cnames.len() < KEPT && !asked.cnames.contains(&name) {
                        asked.cnames.push(name);
                    }
                }
                _ => continue,
            }
            asked.ttl = Some(asked.ttl.map_or(record.ttl, |ttl| ttl.min(record.ttl)));
        }
        verdicts.push(match reply.metadata.response_code {
            ResponseCode::NoError if found.is_empty() => Answer::NoAddress,
            ResponseCode::NoError => Answer::Addresses,
            ResponseCode::NXDomain => Answer::NoSuchName,
            ResponseCode::Refused => Answer::Refused,
            _ => Answer::ServerFailure,
        });
        found.truncate(KEPT);
        asked.addresses.extend(found);
    }
    let order = [
        Answer::Addresses,
        Answer::NoSuchName,
        Answer::ServerFailure,
        Answer::Refused,
        Answer::NoAddress,
    ];
    asked.answer = order
        .into_iter()
        .find(|answer| verdicts.contains(answer))
        .unwrap_or(Answer::Silence);
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use hickory_resolver::proto::rr::Record;
    use hickory_resolver::proto::rr::rdata::A;

    use super::*;

    /// A nameserver that says over UDP that its answer is too long, and serves `over_tcp` on the same port.
    fn truncating(over_tcp: impl FnOnce(TcpStream, Message) + Send + 'static) -> SocketAddr {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = tcp.local_addr().unwrap();
        let udp = UdpSocket::bind(address).unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 512];
            let (length, from) = udp.recv_from(&mut buffer).unwrap();
            let query = Message::from_vec(&buffer[..length]).unwrap();
            let mut wrong = reply_to(&query);
            wrong.metadata.id = query.metadata.id.wrapping_add(1);
            let mut reply = reply_to(&query);
            reply.metadata.truncation = true;
            for answer in [wrong, reply] {
                udp.send_to(&answer.to_vec().unwrap(), from).unwrap();
            }
            let (mut stream, _) = tcp.accept().unwrap();
            // closing with the question unread would reset the connection, and the answer be lost
            let mut length = [0; 2];
            stream.read_exact(&mut length).unwrap();
            let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
            stream.read_exact(&mut question).unwrap();
            over_tcp(stream, query);
        });
        address
    }

    fn reply_to(query: &Message) -> Message {
        let mut reply = Message::response(query.metadata.id, query.metadata.op_code);
        reply.add_query(query.queries[0].clone());
        reply
    }

    #[test]
    fn a_dripping_nameserver_ends_by_the_deadline() {
        let server = truncating(|mut stream, _| {
            let _ = stream.write_all(&[255, 255]);
            while stream.write_all(&[0]).is_ok() {
                std::thread::sleep(Duration::from_millis(10)); // its manner, nothing is waited for
            }
        });
        let started = Instant::now();
        let asked = once(server, "h.example", started + Duration::from_millis(300));
        assert_eq!(
            (asked.answer, asked.transport),
            (Answer::Silence, Transport::Tcp)
        );
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn of_a_thousand_addresses_some_are_kept() {
        let server = truncating(|mut stream, query| {
            let mut reply = reply_to(&query);
            let name = query.queries[0].name().clone();
            for last in 0..1000_u32 {
                let address = A(std::net::Ipv4Addr::from(0x0a00_0000 + last));
                reply.add_answer(Record::from_rdata(name.clone(), 60, RData::A(address)));
            }
            let bytes = reply.to_vec().unwrap();
            let length = u16::try_from(bytes.len()).unwrap();
            stream.write_all(&length.to_be_bytes()).unwrap();
            stream.write_all(&bytes).unwrap();
        });
        let asked = once(
            server,
            "h.example",
            Instant::now() + Duration::from_secs(20),
        );
        assert_eq!(asked.answer, Answer::Addresses);
        assert_eq!(asked.addresses.len(), KEPT);
    }
}
