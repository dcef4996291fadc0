//! HTTP/2 that breaks (RFC 9113): as much of it as a client needs to agree on it and to send requests.
//!
//! In: a TLS stream on which `h2` was agreed. Out: for each request a reset stream, the end of the connection,
//! or the beginning of an answer. (hyper would mend what is to be broken here.)

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::events::{Event, EventLog};

/// How it breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Every stream is reset (`INTERNAL_ERROR`).
    Reset,
    /// The first request ends the connection (`GOAWAY`, `ENHANCE_YOUR_CALM`).
    GoAway,
    /// Answers begin and stop where the first window of the whole connection is full: what the client says
    /// of its windows is lost. After so long the stream is ended (`CANCEL`).
    Stalled(Duration),
}

/// What may be sent before the client widens its window (RFC 9113, section 6.9.2).
const WINDOW: usize = 65_535;
/// The largest frame before the client allows larger ones (section 4.2).
const FRAME: usize = 16_384;

const PREFACE: usize = 24;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
/// `:status: 200` (RFC 7541, appendix A).
const STATUS_200: u8 = 0x88;
const INTERNAL_ERROR: u32 = 2;
const CANCEL: u32 = 8;
const ENHANCE_YOUR_CALM: u32 = 11;

/// Serves one connection.
pub async fn serve<S>(mut stream: S, manner: Manner, server: SocketAddr, journal: &EventLog)
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
    journal: &EventLog,
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
                    Manner::Stalled(kept) => return stall(stream, id, kept).await,
                }
            }
            _ => {}
        }
    }
}

/// The beginning of an answer, and no more of it.
async fn stall<S>(stream: &mut S, id: u32, kept: Duration) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let head = frame(HEADERS, END_HEADERS, id, &[STATUS_200]);
    stream.write_all(&head).await?;
    for piece in vec![b' '; WINDOW].chunks(FRAME) {
        stream.write_all(&frame(DATA, 0, id, piece)).await?;
    }
    stream.flush().await?;
    tokio::time::sleep(kept).await;
    let code = CANCEL.to_be_bytes();
    stream.write_all(&frame(RST_STREAM, 0, id, &code)).await?;
    stream.shutdown().await
}

fn frame(kind: u8, flags: u8, id: u32, payload: &[u8]) -> Vec<u8> {
    let size = u32::try_from(payload.len()).expect("a frame is small");
    let [_, size @ ..] = size.to_be_bytes();
    [&size[..], &[kind, flags], &id.to_be_bytes(), payload].concat()
}
