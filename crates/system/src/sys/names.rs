//! Name lookup by the C library, as git does it, with its error as a value.
//!
//! std's own lookup hides which `EAI_*` code came back; *no such name* and
//! *no answer* must stay apart. gomend only, never the shim.

#![cfg_attr(unix, expect(unsafe_code, reason = "the one place for libc calls"))]

use std::net::IpAddr;

/// Why the C library found no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookupError {
    /// `EAI_NONAME`: the name does not exist, or has no address (glibc does not tell them apart).
    NoName,
    /// `EAI_NODATA`: the name exists and has no address.
    NoAddress,
    /// `EAI_AGAIN`: no server gave a usable answer.
    TryAgain,
    /// `EAI_FAIL`: a server said that it cannot.
    Failed,
    /// Anything else: memory, system, a name that is none.
    Other,
}

/// `getaddrinfo`, blocking for as long as resolv.conf lets it.
pub fn lookup(host: &str) -> Result<Vec<IpAddr>, LookupError> {
    let host = std::ffi::CString::new(host).map_err(|_| LookupError::Other)?;
    // SAFETY: addrinfo is plain data, for which all zeroes mean "no wish".
    let mut hints: libc::addrinfo = unsafe { std::mem::zeroed() };
    hints.ai_socktype = libc::SOCK_STREAM;
    let mut list = std::ptr::null_mut();
    // SAFETY: `host` is null-terminated, `hints` and `list` outlive the call.
    let code = unsafe {
        libc::getaddrinfo(
            host.as_ptr(),
            std::ptr::null(),
            &raw const hints,
            &raw mut list,
        )
    };
    match code {
        0 => {}
        libc::EAI_NONAME => return Err(LookupError::NoName),
        #[cfg(target_os = "linux")]
        libc::EAI_NODATA => return Err(LookupError::NoAddress),
        libc::EAI_AGAIN => return Err(LookupError::TryAgain),
        libc::EAI_FAIL => return Err(LookupError::Failed),
        _ => return Err(LookupError::Other),
    }
    let mut found = Vec::new();
    let mut entry = list;
    while !entry.is_null() {
        // SAFETY: getaddrinfo built a null-terminated list of valid entries.
        let info = unsafe { &*entry };
        // SAFETY: the family says how large the address behind ai_addr is.
        let ip = unsafe {
            match info.ai_family {
                libc::AF_INET => {
                    let address = info.ai_addr.cast::<libc::sockaddr_in>().read_unaligned();
                    Some(IpAddr::from(address.sin_addr.s_addr.to_ne_bytes()))
                }
                libc::AF_INET6 => {
                    let address = info.ai_addr.cast::<libc::sockaddr_in6>().read_unaligned();
                    Some(IpAddr::from(address.sin6_addr.s6_addr))
                }
                _ => None,
            }
        };
        if let Some(ip) = ip
            && !found.contains(&ip)
        {
            found.push(ip);
        }
        entry = info.ai_next;
    }
    // SAFETY: `list` came from getaddrinfo and is freed once.
    unsafe { libc::freeaddrinfo(list) };
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_has_an_address_and_nonsense_has_none() {
        assert!(
            lookup("127.0.0.1")
                .unwrap()
                .contains(&"127.0.0.1".parse().unwrap())
        );
        assert_eq!(lookup("a\0b"), Err(LookupError::Other));
    }
}
