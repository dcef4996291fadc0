//! Where there are no namespaces: a clear error.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Command;

/// Never reached: there are no sockets to connect.
pub fn connect(_: &OwnedFd, _: SocketAddr) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Cannot be made here: this system has no namespaces.
#[derive(Debug)]
pub enum Namespace {}

#[expect(
    missing_docs,
    reason = "the Linux side documents them; these are never reached"
)]
impl Namespace {
    pub fn new(_root: &Path) -> io::Result<Self> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "namespaces exist only on Linux",
        ))
    }
    #[must_use]
    pub fn anchor(&self) -> u32 {
        match *self {}
    }
    pub fn listen(&self, _: SocketAddr, _: i32) -> io::Result<TcpListener> {
        match *self {}
    }
    pub fn udp(&self, _: SocketAddr) -> io::Result<UdpSocket> {
        match *self {}
    }
    pub fn stream(&self, _: bool) -> io::Result<OwnedFd> {
        match *self {}
    }
    pub fn address_v4(&self, _: Ipv4Addr, _: u32) -> io::Result<()> {
        match *self {}
    }
    pub fn address_v6(&self, _: Ipv6Addr) -> io::Result<()> {
        match *self {}
    }
    pub fn reject(&self, _: Ipv4Addr) -> io::Result<()> {
        match *self {}
    }
    pub fn bind(&self, _: &Path, _: &Path) -> io::Result<()> {
        match *self {}
    }
    pub fn memory(&self, _: &Path, _: u64) -> io::Result<()> {
        match *self {}
    }
    pub fn sysctl(&self, _: &str, _: &str) -> io::Result<()> {
        match *self {}
    }
    pub fn enter(&self, _: &mut Command, _: &Path) -> io::Result<()> {
        match *self {}
    }
}

/// Nothing ends a command with its parent here.
pub fn tie(_: &mut Command) {}
