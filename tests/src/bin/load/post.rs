//! Posts webhooks that were built and signed before the clock starts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use blendline_tests::http::Connection;
use blendline_tests::whatsapp::{self, Customers, Number, Said};

/// The body's size of the published figures.
const BODY_BYTES: usize = 1024;

/// Requests; the text of each begins with `#` and its number.
pub(crate) struct Requests {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Requests {
    /// Builds and signs requests `from..from + count`, on all cores.
    pub(crate) fn build(numbers: &[Number], from: usize, count: usize) -> Arc<Self> {
        Self::build_of(numbers, from, count, usize::MAX)
    }

    /// The same where only so many customers write, in turn.
    pub(crate) fn build_of(numbers: &[Number], from: usize, count: usize, customers: usize) -> Arc<Self> {
        let parts = std::thread::available_parallelism().map_or(1, usize::from);
        let share = count.div_ceil(parts);
        let built: Vec<Self> = std::thread::scope(|scope| {
            let build = |part: usize| {
                let range = (part * share).min(count)..((part + 1) * share).min(count);
                let mut requests = Self { bytes: Vec::new(), ends: Vec::new() };
                for index in range {
                    requests.bytes.extend_from_slice(&request(numbers, from + index, customers));
                    requests.ends.push(requests.bytes.len());
                }
                requests
            };
            let running: Vec<_> = (0..parts).map(|part| scope.spawn(move || build(part))).collect();
            running.into_iter().map(|thread| thread.join().expect("requests can be built")).collect()
        });
        let mut all = Self { bytes: Vec::new(), ends: Vec::with_capacity(count) };
        for part in built {
            let begin = all.bytes.len();
            all.bytes.extend_from_slice(&part.bytes);
            all.ends.extend(part.ends.iter().map(|end| begin + end));
        }
        Arc::new(all)
    }

    /// Request `index`.
    pub(crate) fn get(&self, index: usize) -> &[u8] {
        let begin = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[begin..self.ends[index]]
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }
}

fn request(numbers: &[Number], index: usize, customers: usize) -> Vec<u8> {
    let customer = index % customers;
    let number = &numbers[customer % numbers.len()];
    let said = Said {
        from: Customers::phone(customer as u64),
        wamid: format!("wamid.HBgMOTcyFQIAEhgWLOAD{index:016x}AA=="),
        text: format!("#{index} שלום, ההזמנה שלי עוד לא הגיעה"),
        at_s: 1_790_000_000,
    };
    number.request(&whatsapp::padded(number, &said, BODY_BYTES))
}

/// The number that a text begins with.
pub(crate) fn number_of(text: &str) -> Option<usize> {
    text.strip_prefix('#')?.split(' ').next()?.parse().ok()
}

/// What a burst came to.
pub(crate) struct Burst {
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
    pub(crate) took: Duration,
    pub(crate) answer_us: Vec<u64>,
}

/// For a [`burst`] that nothing holds back.
pub(crate) fn at_once(_index: usize) -> std::future::Ready<()> {
    std::future::ready(())
}

/// For a [`burst`] whose every answer nobody notes.
pub(crate) fn unnoted(_index: usize) {}

/// Posts as fast as the answers come, on `connections` to these addresses in turn, until the time or the requests are over.
/// `gate` is asked before each: it may hold a sender back. `noted` is told of each 200.
pub(crate) async fn burst<G, F, N>(
    at: &[SocketAddr],
    requests: &Arc<Requests>,
    connections: usize,
    limit: Duration,
    gate: G,
    noted: N,
) -> Burst
where
    G: Fn(usize) -> F + Clone + Send + 'static,
    F: Future<Output = ()> + Send,
    N: Fn(usize) + Clone + Send + 'static,
{
    let next = Arc::new(AtomicU64::new(0));
    let refused = Arc::new(AtomicU64::new(0));
    let over = Arc::new(AtomicBool::new(false));
    let begin = Instant::now();
    let mut senders = tokio::task::JoinSet::new();
    for n in 0..connections {
        let (requests, next, refused) = (Arc::clone(requests), Arc::clone(&next), Arc::clone(&refused));
        let (over, gate, noted) = (Arc::clone(&over), gate.clone(), noted.clone());
        let mut connection = Connection::connect(at[n % at.len()]).await.expect("the router takes connections");
        senders.spawn(async move {
            let mut times = Vec::new();
            while !over.load(Ordering::Relaxed) {
                let index = next.fetch_add(1, Ordering::Relaxed) as usize;
                if index >= requests.len() {
                    break;
                }
                gate(index).await;
                let sent = Instant::now();
                match connection.exchange_status(requests.get(index)).await {
                    Ok(200) => {
                        times.push(sent.elapsed().as_micros() as u64);
                        noted(index);
                    }
                    Ok(_) => {
                        refused.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(error) => panic!("the router closed a connection under load: {error}"),
                }
                if begin.elapsed() >= limit {
                    over.store(true, Ordering::Relaxed);
                }
            }
            times
        });
    }
    let answer_us: Vec<u64> = senders.join_all().await.into_iter().flatten().collect();
    Burst {
        accepted: answer_us.len() as u64,
        refused: refused.load(Ordering::Relaxed),
        took: begin.elapsed(),
        answer_us,
    }
}
