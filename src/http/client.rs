//! Who asks: the address at the other end of the connection or, where that is a proxy which the operator trusts,
//! the one that the proxy tells.
//!
//! 1. The server notes the [`Peer`] of a connection on each of its requests.
//! 2. A trusted proxy appends to `X-Forwarded-For` whom it serves: the header is read from its end, over the hops
//!    that are trusted, to the first that is not ([`client`]). What stands before that anybody may have written.
//! 3. Clients are counted by [`account`]: who has an IPv6 address has 2⁶⁴ of them, so those count as one.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::HeaderMap;
use ipnet::IpNet;

/// The address at the other end of a connection; an extension of each request that came over one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

impl Peer {
    /// From the address as the system has it: an IPv4 address is never written as an IPv6 one.
    pub fn new(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }
}

/// The header in which proxies tell whom they serve.
pub(super) const FORWARDED_FOR: &str = "x-forwarded-for";

/// Who asks, through `peer`, with the `headers` of the request.
pub(super) fn client(Peer(peer): Peer, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    let mut client = peer.to_canonical();
    // Several lines are one list.
    let lines = headers.get_all(FORWARDED_FOR).iter().rev();
    for hop in lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b',')) {
        if !is_trusted(client) {
            break;
        }
        // What is no address nobody can vouch for: the hop that told it counts.
        let Some(address) = address(hop) else { break };
        client = address.to_canonical();
    }
    client
}

/// What a client is counted as: its address, of an IPv6 address the first 64 bits.
pub(super) fn account(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

/// `192.0.2.7`, `192.0.2.7:4711`, `2001:db8::7`, `[2001:db8::7]`, `[2001:db8::7]:4711`.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim_matches([' ', '\t']);
    if let Some(rest) = hop.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let is_port = port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
        return (port.is_empty() || is_port).then(|| address.parse::<Ipv6Addr>().ok())?.map(IpAddr::V6);
    }
    hop.parse().ok().or_else(|| hop.parse().ok().filter(std::net::SocketAddr::is_ipv4).map(|with| with.ip()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use axum::http::HeaderValue;

    use super::*;

    /// Peer, trusted networks, lines of the header, who it is.
    const CASES: &[(&str, &str, &[&str], &str)] = &[
        // Nobody is trusted: whatever is said counts for nothing.
        ("192.0.2.1", "", &[], "192.0.2.1"),
        ("192.0.2.1", "", &["198.51.100.9"], "192.0.2.1"),
        ("192.0.2.1", "10.0.0.0/8", &["198.51.100.9"], "192.0.2.1"),
        ("192.0.2.1", "10.0.0.0/8", &["10.0.0.1"], "192.0.2.1"),
        // One proxy.
        ("10.0.0.1", "10.0.0.0/8", &["198.51.100.9"], "198.51.100.9"),
        ("10.0.0.1", "10.0.0.0/8", &[], "10.0.0.1"),
        ("10.0.0.1", "10.0.0.1/32", &["198.51.100.9"], "198.51.100.9"),
        ("10.0.0.2", "10.0.0.1/32", &["198.51.100.9"], "10.0.0.2"),
        // What the client itself had sent stands before what the proxy appended.
        ("10.0.0.1", "10.0.0.0/8", &["203.0.113.5, 198.51.100.9"], "198.51.100.9"),
        ("10.0.0.1", "10.0.0.0/8", &["203.0.113.5", "198.51.100.9"], "198.51.100.9"),
        ("10.0.0.1", "10.0.0.0/8", &["10.0.0.3, 198.51.100.9"], "198.51.100.9"),
        ("10.0.0.1", "10.0.0.0/8", &["x, y, z, 198.51.100.9"], "198.51.100.9"),
        // Several proxies.
        ("10.0.0.1", "10.0.0.0/8", &["198.51.100.9, 10.0.0.2"], "198.51.100.9"),
        ("10.0.0.1", "10.0.0.0/8", &["198.51.100.9", "10.0.0.2", "10.0.0.3"], "198.51.100.9"),
        ("10.0.0.1", "10.0.0.0/8", &["203.0.113.5, 198.51.100.9,10.0.0.2 ,\t10.0.0.3"], "198.51.100.9"),
        ("10.0.0.1", "10.0.0.0/8", &["198.51.100.9, 172.16.0.2"], "172.16.0.2"),
        ("10.0.0.1", "10.0.0.0/8,172.16.0.0/12", &["198.51.100.9, 172.16.0.2"], "198.51.100.9"),
        // Everyone is trusted: the first one.
        ("10.0.0.1", "10.0.0.0/8", &["10.0.0.4, 10.0.0.5"], "10.0.0.4"),
        // Rubbish ends the walk where it stands.
        ("10.0.0.1", "10.0.0.0/8", &["198.51.100.9, unknown"], "10.0.0.1"),
        ("10.0.0.1", "10.0.0.0/8", &["198.51.100.9, _hidden, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", "10.0.0.0/8", &[""], "10.0.0.1"),
        ("10.0.0.1", "10.0.0.0/8", &["198.51.100.9,"], "10.0.0.1"),
        ("10.0.0.1", "10.0.0.0/8", &["198.51.100.9.1"], "10.0.0.1"),
        ("10.0.0.1", "10.0.0.0/8", &["198.51.100.9/24"], "10.0.0.1"),
        ("10.0.0.1", "10.0.0.0/8", &["010.1.1.1"], "10.0.0.1"),
        ("10.0.0.1", "10.0.0.0/8", &["\u{4e00}"], "10.0.0.1"),
        ("10.0.0.1", "10.0.0.0/8", &["[198.51.100.9]"], "10.0.0.1"),
        // With ports, and IPv6.
        ("10.0.0.1", "10.0.0.0/8", &["198.51.100.9:4711"], "198.51.100.9"),
        ("10.0.0.1", "10.0.0.0/8", &["198.51.100.9:99999"], "10.0.0.1"),
        ("10.0.0.1", "10.0.0.0/8", &["2001:db8::9"], "2001:db8::9"),
        ("10.0.0.1", "10.0.0.0/8", &["[2001:db8::9]"], "2001:db8::9"),
        ("10.0.0.1", "10.0.0.0/8", &["[2001:db8::9]:4711"], "2001:db8::9"),
        ("10.0.0.1", "10.0.0.0/8", &["[2001:db8::9]x"], "10.0.0.1"),
        ("::1", "::1/128", &["198.51.100.9"], "198.51.100.9"),
        ("::2", "::1/128", &["198.51.100.9"], "::2"),
        // IPv4 through a socket of IPv6.
        ("::ffff:192.0.2.1", "", &[], "192.0.2.1"),
        ("::ffff:10.0.0.1", "10.0.0.0/8", &["198.51.100.9, ::ffff:10.0.0.2"], "198.51.100.9"),
        ("10.0.0.1", "10.0.0.0/8", &["::ffff:198.51.100.9"], "198.51.100.9"),
    ];

    #[test]
    fn only_what_a_trusted_proxy_says_counts() {
        for (peer, trusted, lines, expected) in CASES {
            let trusted: Vec<IpNet> =
                trusted.split(',').filter(|net| !net.is_empty()).map(|net| net.parse().unwrap()).collect();
            let mut headers = HeaderMap::new();
            for line in *lines {
                headers.append(FORWARDED_FOR, HeaderValue::from_bytes(line.as_bytes()).unwrap());
            }
            let found = client(Peer(peer.parse().unwrap()), &headers, &trusted);
            assert_eq!(found, expected.parse::<IpAddr>().unwrap(), "{peer} {trusted:?} {lines:?}");
        }
    }

    #[test]
    fn an_ipv6_client_is_its_network() {
        for (client, counted) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:3:3:4:5:6", "2001:db8:1:3::"),
            ("::1", "::"),
        ] {
            assert_eq!(account(client.parse().unwrap()), counted.parse::<IpAddr>().unwrap(), "{client}");
        }
    }
}
