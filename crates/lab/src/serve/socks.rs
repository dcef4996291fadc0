//! A SOCKS5 proxy (RFC 1928) without login.

use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;

use crate::error::Result;
use crate::events::{Event, EventLog};
use crate::serve::{Net, connect};
use crate::testbed::Testbed;

/// Starts one. `refuses`: no connection is allowed (reply 2).
pub fn proxy(world: &Arc<Testbed>, net: &Net, address: SocketAddr, refuses: bool) -> Result<()> {
    net.proxy(world, address, move |stream, server, world, journal| {
        serve(stream, server, refuses, world, journal)
    })
}

async fn serve(
    mut stream: TcpStream,
    server: SocketAddr,
    refuses: bool,
    world: Weak<Testbed>,
    journal: EventLog,
) -> std::io::Result<()> {
    let [_version, methods] = read::<2>(&mut stream).await?;
    stream.read_exact(&mut vec![0; methods.into()]).await?;
    stream.write_all(&[5, 0]).await?;
    let [.., kind] = read::<4>(&mut stream).await?;
    let host = match kind {
        1 => std::net::Ipv4Addr::from(read::<4>(&mut stream).await?).to_string(),
        3 => {
            let mut name = vec![0; stream.read_u8().await?.into()];
            stream.read_exact(&mut name).await?;
            String::from_utf8_lossy(&name).into_owned()
        }
        _ => return stream.write_all(&[5, 8, 0, 1, 0, 0, 0, 0, 0, 0]).await,
    };
    let authority = format!("{host}:{}", stream.read_u16().await?);
    let upstream = if refuses {
        None
    } else {
        connect::dial(&authority, &world).await.ok()
    };
    journal.note(Event::Http {
        server,
        method: "CONNECT".into(),
        host: authority,
        path: String::new(),
        authorization: None,
        status: if upstream.is_some() { 200 } else { 403 },
    });
    let code = if upstream.is_some() { 0 } else { 2 };
    stream.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    if let Some(mut upstream) = upstream {
        copy_bidirectional(&mut stream, &mut upstream).await?;
    }
    Ok(())
}

async fn read<const SIZE: usize>(stream: &mut TcpStream) -> std::io::Result<[u8; SIZE]> {
    let mut bytes = [0; SIZE];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}
