//! A name server that knows what a test says: texts, and names for which it fails.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use tokio::net::UdpSocket;
use tokio::task::JoinSet;

/// It answers until it is dropped.
#[derive(Debug)]
pub struct NameServer {
    /// Where it is asked.
    pub address: SocketAddr,
    _serving: JoinSet<()>,
}

const TYPE_TXT: u16 = 16;
const GOOD: u16 = 0x8180;
const FAILED: u16 = 0x8182;

impl NameServer {
    /// Knows these texts. Whatever has `lame` in its name it cannot find out; all else has no records.
    pub async fn start(texts: &[(&str, &str)]) -> Self {
        let texts: BTreeMap<String, String> =
            texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let address = socket.local_addr().expect("an address");
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut packet = [0; 1500];
            loop {
                let (length, from) = socket.recv_from(&mut packet).await.expect("a question");
                if let Some(answer) = answer(&packet[..length], &texts) {
                    socket.send_to(&answer, from).await.expect("a way back");
                }
            }
        });
        Self { address, _serving: serving }
    }
}

fn answer(question: &[u8], texts: &BTreeMap<String, String>) -> Option<Vec<u8>> {
    let (mut labels, mut at) = (Vec::new(), 12);
    while let length @ 1.. = usize::from(*question.get(at)?) {
        labels.push(String::from_utf8_lossy(question.get(at + 1..at + 1 + length)?).into_owned());
        at += 1 + length;
    }
    let name = labels.join(".");
    let kind = u16::from_be_bytes([*question.get(at + 1)?, *question.get(at + 2)?]);
    let text = texts.get(&name).filter(|_| kind == TYPE_TXT);
    // The question once more, without the record behind it.
    let mut out = question.get(..at + 5)?.to_vec();
    out[2..4].copy_from_slice(&if name.contains("lame") { FAILED } else { GOOD }.to_be_bytes());
    out[6..12].fill(0);
    if let Some(text) = text {
        out[7] = 1;
        let data: Vec<u8> = text.as_bytes().chunks(255).flat_map(|it| [&[it.len() as u8], it].concat()).collect();
        // A pointer to the name in the question, then its type, class and 60 seconds.
        out.extend_from_slice(&[0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60]);
        out.extend_from_slice(&u16::try_from(data.len()).ok()?.to_be_bytes());
        out.extend_from_slice(&data);
    }
    Some(out)
}
