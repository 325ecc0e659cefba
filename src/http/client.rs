//! Who asks: the address at the other end of a connection, as every request of it carries it.

use std::net::IpAddr;

/// The address at the other end of the connection; an IPv4 address is never written as an IPv6 one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

impl Peer {
    /// From the address as the system has it.
    pub fn new(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }
}
