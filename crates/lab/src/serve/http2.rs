//! HTTP/2 that breaks (RFC 9113): as much of it as a client needs to agree on it and to send requests.
//!
//! In: a TLS stream on which `h2` was agreed. Out: for each request a reset stream, the end of the connection,
//! or nothing. (hyper would mend what is to be broken here.)

use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::journal::{Event, Journal};

/// How it breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Every stream is reset (`INTERNAL_ERROR`).
    Reset,
    /// The first request ends the connection (`GOAWAY`, `ENHANCE_YOUR_CALM`).
    GoAway,
    /// Requests are taken, and nothing follows.
    Stalled,
}

const PREFACE: usize = 24;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const ACK: u8 = 1;
const INTERNAL_ERROR: u32 = 2;
const ENHANCE_YOUR_CALM: u32 = 11;

/// Serves one connection.
pub async fn serve<S>(mut stream: S, manner: Manner, server: SocketAddr, journal: &Journal)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // a client that hangs up ends it
    let _ = answer(&mut stream, manner, server, journal).await;
}

async fn answer<S>(
    stream: &mut S,
    manner: Manner,
    server: SocketAddr,
    journal: &Journal,
) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.read_exact(&mut [0; PREFACE]).await?;
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let [a, b, c, kind, flags, id @ ..] = head;
        let size = u32::from_be_bytes([0, a, b, c]) as usize;
        stream.read_exact(&mut vec![0; size]).await?;
        let id = u32::from_be_bytes(id);
        match kind {
            SETTINGS if flags & ACK == 0 => {
                stream.write_all(&frame(SETTINGS, ACK, 0, &[])).await?;
            }
            HEADERS => {
                journal.note(Event::Http {
                    server,
                    method: "GET".into(),
                    host: String::new(), // compressed
                    path: String::new(),
                    authorization: None,
                    status: 0,
                });
                match manner {
                    Manner::Reset => {
                        let code = INTERNAL_ERROR.to_be_bytes();
                        stream.write_all(&frame(RST_STREAM, 0, id, &code)).await?;
                    }
                    Manner::GoAway => {
                        let code = [id.to_be_bytes(), ENHANCE_YOUR_CALM.to_be_bytes()].concat();
                        stream.write_all(&frame(GOAWAY, 0, 0, &code)).await?;
                        return stream.shutdown().await;
                    }
                    Manner::Stalled => {}
                }
            }
            _ => {}
        }
    }
}

fn frame(kind: u8, flags: u8, id: u32, payload: &[u8]) -> Vec<u8> {
    let size = u8::try_from(payload.len()).expect("a few numbers");
    [&[0, 0, size, kind, flags], &id.to_be_bytes()[..], payload].concat()
}
