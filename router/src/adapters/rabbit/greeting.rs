//! What a server says of itself before anybody has said who he is. The client library keeps it to itself.

use lapin::types::AMQPValue;
use lapin::types::parsing::parse_field_table;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::options::Node;

/// How a client of AMQP 0-9-1 begins.
const HELLO: &[u8] = b"AMQP\0\0\x09\x01";
/// The most that a greeting may have; RabbitMQ's have about 500 bytes.
const GREETING_BYTES_MAX: usize = 64 * 1024;
/// A frame's head: its kind, its channel (2 bytes) and its size (4 bytes).
const HEAD: usize = 7;
/// Class and method of `connection.start`, and the protocol's version, before the server's properties.
const START: &[u8] = &[0, 10, 0, 10, 0, 9];

/// What a server is.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Greeting {
    pub(super) product: String,
    pub(super) version: String,
}

impl Greeting {
    /// Major and minor version; zero where it is no number.
    pub(super) fn numbers(&self) -> (u32, u32) {
        let mut numbers = self.version.split('.').map(|part| part.parse().unwrap_or(0));
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
    }

    fn read(payload: &[u8]) -> Option<Self> {
        let properties = payload.strip_prefix(START)?;
        let (_, properties) = parse_field_table(properties).ok()?;
        let text = |key: &str| match properties.inner().get(key)? {
            AMQPValue::LongString(text) => Some(text.to_string()),
            _ => None,
        };
        Some(Self { product: text("product")?, version: text("version")? })
    }
}

/// Asks a node; `None` when it does not answer as AMQP servers do, or speaks TLS.
pub(super) async fn read(node: &Node) -> Option<Greeting> {
    let mut stream = TcpStream::connect(node.plain_address()?).await.ok()?;
    stream.write_all(HELLO).await.ok()?;
    let mut head = [0; HEAD];
    stream.read_exact(&mut head).await.ok()?;
    let size = u32::from_be_bytes([head[3], head[4], head[5], head[6]]) as usize;
    if size > GREETING_BYTES_MAX {
        return None;
    }
    let mut payload = vec![0; size];
    stream.read_exact(&mut payload).await.ok()?;
    Greeting::read(&payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_is_read() {
        let mut payload = START.to_vec();
        let mut table = Vec::new();
        for (key, value) in [("product", "RabbitMQ"), ("version", "3.10.8")] {
            table.push(key.len() as u8);
            table.extend(key.as_bytes());
            table.push(b'S');
            table.extend((value.len() as u32).to_be_bytes());
            table.extend(value.as_bytes());
        }
        payload.extend((table.len() as u32).to_be_bytes());
        payload.extend(table);
        let greeting = Greeting::read(&payload).unwrap();
        assert_eq!(greeting, Greeting { product: "RabbitMQ".into(), version: "3.10.8".into() });
        assert_eq!(greeting.numbers(), (3, 10));
        for cut in 0..payload.len() {
            assert_eq!(Greeting::read(&payload[..cut]), None, "{cut} bytes");
        }
        assert_eq!(Greeting { product: String::new(), version: "4.1.0-rc.1".into() }.numbers(), (4, 1));
    }
}
