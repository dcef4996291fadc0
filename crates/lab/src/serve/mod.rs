//! The servers: one thread per scene drives them all.
//!
//! In: listening sockets of the scene's network. Out: faults on purpose, and
//! entries in the journal. They stop when [`Net`] is dropped.

pub mod connect;
pub mod dns;
pub mod git;
pub mod http;
pub mod http2;
pub mod modproxy;
pub mod socks;
pub mod ssh;
pub mod sumdb;
pub mod tcp;
pub mod tls;

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::error::{Error, Result};
use crate::events::{Event, EventLog};
use crate::testbed::Testbed;
use gomend_core::text;

/// How long a site may still work on its reply when the scene ends.
const LAST_REPLY: Duration = Duration::from_secs(1);

/// The thread that serves, and what it writes down.
#[derive(Debug)]
pub struct Net {
    /// What was seen.
    pub journal: EventLog,
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Net {
    /// Starts the thread.
    pub fn start() -> Result<Self> {
        let failed = |error| Error::Io(text!("start the servers' thread"), error);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("lab-servers".into())
            .spawn(move || {
                // An error means that the sender is gone: stop as well.
                let _ = runtime.block_on(stopped);
                runtime.shutdown_timeout(LAST_REPLY);
            })
            .map_err(failed)?;
        Ok(Self {
            journal: EventLog::default(),
            handle,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Runs a task until the scene ends.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.handle.spawn(task);
    }

    /// Inside tokio's context, in which std sockets can be turned into its own.
    pub fn context(&self) -> tokio::runtime::EnterGuard<'_> {
        self.handle.enter()
    }

    /// Accepts connections and gives each a task of its own. `serve` gets the
    /// stream and the listening address.
    pub fn accept<F, T>(&self, listener: TcpListener, serve: F) -> Result<SocketAddr>
    where
        F: Fn(TcpStream, SocketAddr) -> T + Send + Sync + 'static,
        T: Future<Output = ()> + Send + 'static,
    {
        let failed = |error| Error::Io(text!("serve a socket"), error);
        let address = listener.local_addr().map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let _context = self.context();
        let listener = tokio::net::TcpListener::from_std(listener).map_err(failed)?;
        let journal = self.journal.clone();
        let serve = Arc::new(serve);
        self.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                journal.note(Event::Connection { server: address });
                // as real servers: small answers must not wait for the client's delayed ACK
                let _ = stream.set_nodelay(true);
                tokio::spawn(serve(stream, address));
            }
        });
        Ok(address)
    }

    /// Starts a proxy: `serve` gets the stream, the listening address, and the world to connect to.
    fn proxy<F, T>(&self, world: &Arc<Testbed>, address: SocketAddr, serve: F) -> Result<()>
    where
        F: Fn(TcpStream, SocketAddr, Weak<Testbed>, EventLog) -> T + Send + Sync + 'static,
        T: Future<Output = io::Result<()>> + Send + 'static,
    {
        let listener = world.listen(address, 64)?;
        let (world, journal) = (Arc::downgrade(world), self.journal.clone());
        self.accept(listener, move |stream, server| {
            let served = serve(stream, server, world.clone(), journal.clone());
            async move {
                // A client that hangs up early gets no answer.
                let _ = served.await;
            }
        })?;
        Ok(())
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in a server has been printed where it happened.
            let _ = thread.join();
        }
    }
}
