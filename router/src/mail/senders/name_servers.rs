//! Questions to name servers: UDP, and TCP for what does not fit.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use blendline_connectors::email::authentication::message::{self, Answer};
use blendline_connectors::email::authentication::{Kind, Record, Unanswered};
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

/// Where the system says whom it asks.
const SYSTEM_FILE: &str = "/etc/resolv.conf";
/// More servers than this are not asked: the mail's sender waits.
const SERVERS_MAX: usize = 2;
/// Questions that are tried, one server after the other.
const TRIES: usize = 2;
/// How long one server has.
const SERVER_WITHIN: Duration = Duration::from_millis(1500);
/// Packets that are not the answer and are read over.
const STRAYS_MAX: usize = 20;

/// Whom we ask. They are trusted to find out for us; what they say is still read with care.
pub(super) struct NameServers {
    servers: Vec<SocketAddr>,
    random: SystemRandom,
}

impl NameServers {
    /// These, or those of the system.
    pub(super) fn new(named: &[SocketAddr]) -> Self {
        let mut servers = match named {
            [] => of_system(&std::fs::read_to_string(SYSTEM_FILE).unwrap_or_default()),
            named => named.to_vec(),
        };
        servers.truncate(SERVERS_MAX);
        Self { servers, random: SystemRandom::new() }
    }

    /// One alone.
    pub(super) fn one(server: SocketAddr) -> Self {
        Self { servers: vec![server], random: SystemRandom::new() }
    }

    pub(super) fn all(&self) -> &[SocketAddr] {
        &self.servers
    }

    /// The records, and for how many seconds they hold.
    pub(super) async fn ask(&self, name: &str, kind: Kind) -> Result<(Vec<Record>, u32), Unanswered> {
        for server in self.servers.iter().cycle().take(TRIES.max(self.servers.len())) {
            let asked = timeout(SERVER_WITHIN, self.ask_one(*server, name, kind)).await;
            if let Ok(Ok(Answer::Records(records, seconds))) = asked {
                return Ok((records, seconds));
            }
        }
        Err(Unanswered)
    }

    async fn ask_one(&self, server: SocketAddr, name: &str, kind: Kind) -> io::Result<Answer> {
        let mut id = [0; 2];
        self.random.fill(&mut id).map_err(|_| io::Error::other("no randomness"))?;
        let id = u16::from_be_bytes(id);
        let question = message::question(id, name, kind).ok_or(io::ErrorKind::InvalidInput)?;
        match over_udp(server, &question, |packet| message::answer(packet, id, name, kind)).await? {
            Answer::Truncated => {
                let packet = over_tcp(server, &question).await?;
                message::answer(&packet, id, name, kind).ok_or_else(|| io::ErrorKind::InvalidData.into())
            }
            answer => Ok(answer),
        }
    }
}

/// A port of its own for each question, chosen by the system; connected, so that only the server's packets get here.
async fn over_udp(server: SocketAddr, question: &[u8], answer: impl Fn(&[u8]) -> Option<Answer>) -> io::Result<Answer> {
    let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    socket.send(question).await?;
    let mut packet = [0; message::PACKET_BYTES_MAX as usize];
    for _ in 0..STRAYS_MAX {
        let count = socket.recv(&mut packet).await?;
        if let Some(answer) = answer(&packet[..count]) {
            return Ok(answer);
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

async fn over_tcp(server: SocketAddr, question: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(question.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    stream.write_all(&[&length.to_be_bytes(), question].concat()).await?;
    let mut packet = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut packet).await?;
    Ok(packet)
}

/// The servers that the system's file names; without any the one on this machine, as the C library has it.
fn of_system(text: &str) -> Vec<SocketAddr> {
    let servers = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let address = words.next().filter(|word| *word == "nameserver").and(words.next())?;
        address.parse::<IpAddr>().ok()
    });
    let mut found: Vec<SocketAddr> = servers.map(|address| (address, 53).into()).collect();
    if found.is_empty() {
        found.push((Ipv4Addr::LOCALHOST, 53).into());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_says_whom_it_asks() {
        let text = "# nameserver 192.0.2.9\nsearch shop.example\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\n\
                    nameserver  2001:db8::1 # two\noptions edns0\n";
        let expected: Vec<SocketAddr> = ["192.0.2.1:53", "[2001:db8::1]:53"].map(|text| text.parse().unwrap()).into();
        assert_eq!(of_system(text), expected);
        assert_eq!(of_system("nameserver"), ["127.0.0.1:53".parse().unwrap()]);
    }
}
