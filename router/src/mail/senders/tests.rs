//! Questions over real sockets, to a name server that does what a test says.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use blendline_connectors::email::authentication::{Kind, Outcome, Record};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;

use super::*;

/// The answer to this question: these flags, and one text of 60 seconds where there is one.
fn answer(question: &[u8], flags: u16, text: Option<&[u8]>) -> Vec<u8> {
    // Without the record at the end that says how much the client takes.
    let mut out = question[..question.len() - 11].to_vec();
    out[2..4].copy_from_slice(&flags.to_be_bytes());
    out[6..12].fill(0);
    if let Some(text) = text {
        out[7] = 1;
        let data: Vec<u8> = text.chunks(255).flat_map(|piece| [&[piece.len() as u8], piece].concat()).collect();
        out.extend_from_slice(&[0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60]);
        out.extend_from_slice(&u16::try_from(data.len()).unwrap().to_be_bytes());
        out.extend_from_slice(&data);
    }
    out
}

const GOOD: u16 = 0x8180;
const TRUNCATED: u16 = 0x8380;
const FAILED: u16 = 0x8182;

struct Server {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
    _running: JoinSet<()>,
}

/// A server on one port of UDP and TCP, which sends these packets for each question.
async fn server(udp: fn(&[u8]) -> Vec<Vec<u8>>, tcp: fn(&[u8]) -> Vec<u8>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let socket = UdpSocket::bind(address).await.unwrap();
    let (mut running, asked) = (JoinSet::new(), Arc::new(AtomicUsize::new(0)));
    let count = asked.clone();
    running.spawn(async move {
        let mut packet = [0; 2000];
        loop {
            let (length, from) = socket.recv_from(&mut packet).await.unwrap();
            count.fetch_add(1, Ordering::Relaxed);
            for answer in udp(&packet[..length]) {
                socket.send_to(&answer, from).await.unwrap();
            }
        }
    });
    running.spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut question = vec![0; usize::from(stream.read_u16().await.unwrap())];
            stream.read_exact(&mut question).await.unwrap();
            let answer = tcp(&question);
            let length = u16::try_from(answer.len()).unwrap().to_be_bytes();
            stream.write_all(&[&length, &answer[..]].concat()).await.unwrap();
        }
    });
    Server { address, asked, _running: running }
}

fn never(_: &[u8]) -> Vec<u8> {
    panic!("nobody asks over TCP")
}

fn text(words: &[u8]) -> Vec<Record> {
    vec![Record::Text(words.to_vec())]
}

#[tokio::test]
async fn only_the_answer_to_the_question_is_taken_and_kept() {
    let server = server(
        |question| {
            let mut strange = answer(question, GOOD, Some(b"forged"));
            strange[0] ^= 1;
            let other = message_about_another_name(question);
            vec![b"x".to_vec(), strange, other, answer(question, GOOD, Some(b"words"))]
        },
        never,
    )
    .await;
    let senders = Senders::new(&[server.address]);
    for _ in 0..3 {
        let found = senders.find("a.example", Kind::Txt).await.unwrap();
        assert_eq!(found.to_vec(), text(b"words"));
    }
    assert_eq!(server.asked.load(Ordering::Relaxed), 1);
}

fn message_about_another_name(question: &[u8]) -> Vec<u8> {
    let mut packet = answer(question, GOOD, Some(b"forged"));
    packet[13] ^= 3;
    packet
}

#[tokio::test]
async fn what_does_not_fit_comes_over_tcp() {
    const LONG: [u8; 3000] = [b'x'; 3000];
    let udp = |question: &[u8]| vec![answer(question, TRUNCATED, None)];
    let server = server(udp, |question| answer(question, GOOD, Some(&LONG))).await;
    let found = Senders::new(&[server.address]).find("a.example", Kind::Txt).await.unwrap();
    assert_eq!(found.to_vec(), text(&LONG));
}

#[tokio::test]
async fn the_second_server_is_asked_where_the_first_fails() {
    let failing = server(|question| vec![answer(question, FAILED, None)], never).await;
    let good = server(|question| vec![answer(question, GOOD, Some(b"words"))], never).await;
    let senders = Senders::new(&[failing.address, good.address]);
    assert_eq!(senders.find("a.example", Kind::Txt).await.unwrap().to_vec(), text(b"words"));
    assert_eq!(failing.asked.load(Ordering::Relaxed), 1);
    let answered = name_servers_answer(&[failing.address, good.address], "mx.example.com").await;
    assert_eq!(answered, [(failing.address, false), (good.address, true)]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_costs_seconds_and_no_mail() {
    let silent = server(|_| Vec::new(), never).await;
    let envelope =
        Envelope { client: "192.0.2.1".parse().unwrap(), hello: "mail.example.org", from: "dana@example.org" };
    let begin = Instant::now();
    let found = Senders::new(&[silent.address]).check(b"From: dana@example.org\r\n\r\nx", envelope, Millis(1)).await;
    assert_eq!((found.spf(), found.dkim(), found.dmarc()), (Outcome::TempError, Outcome::None, Outcome::TempError));
    assert!(begin.elapsed() <= MAIL_WITHIN + Duration::from_millis(100), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn one_mail_asks_so_much_and_no_more() {
    let nothing = server(|question| vec![answer(question, GOOD, None)], never).await;
    let senders = Senders::new(&[nothing.address]);
    let allowance = Allowance { of: &senders, until: Instant::now() + MAIL_WITHIN, left: AtomicU32::new(3) };
    for n in 0..5 {
        let found = Resolver::find(&allowance, &format!("{n}.example"), Kind::A).await;
        assert_eq!(found.is_ok(), n < 3);
    }
    assert_eq!(nothing.asked.load(Ordering::Relaxed), 3);
}
