//! A wire between two programs on this machine, and bad weather on it: cuts, resets, delay, a narrow pipe, silence, and
//! bytes that change on their way. What it does to bytes is repeated by its seed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::seed::Seed;

/// The most bytes that pass in one go.
const CHUNK: usize = 16 * 1024;

/// What the wire does to everybody on it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Weather {
    /// How much later everything arrives.
    pub delay: Duration,
    /// How many bytes pass in a second, each way of each connection; zero: all.
    pub bytes_per_second: u32,
    /// Nothing passes, and nobody is told: as if the other side's power was cut.
    pub silent: bool,
    /// Of so many chunks to the server one has a changed byte; zero: none.
    pub corrupt_one_in: u32,
    /// New connections are closed at once.
    pub refuse: bool,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Cut {
    /// In order.
    Closed,
    /// With a reset: what was on its way is lost.
    Reset,
}

#[derive(Clone, Copy, Debug)]
struct Sky {
    weather: Weather,
    /// Connections made before the latest of these are cut.
    cuts: u64,
    how: Cut,
}

/// A running wire; it ends with the runtime.
#[derive(Debug)]
pub struct Proxy {
    addr: SocketAddr,
    server: watch::Sender<SocketAddr>,
    sky: watch::Sender<Sky>,
}

impl Proxy {
    /// A wire to `server`, in good weather.
    pub async fn to(server: SocketAddr, seed: u64) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let addr = listener.local_addr().expect("a bound port has an address");
        let sky = watch::Sender::new(Sky { weather: Weather::default(), cuts: 0, how: Cut::Closed });
        let server = watch::Sender::new(server);
        tokio::spawn(accept(listener, server.subscribe(), sky.subscribe(), seed));
        Self { addr, server, sky }
    }

    /// Where it listens.
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// From now on new connections lead to another server.
    pub fn lead_to(&self, server: SocketAddr) {
        self.server.send_replace(server);
    }

    /// Changes the weather, also for connections that are open.
    pub fn set(&self, weather: Weather) {
        self.sky.send_modify(|sky| sky.weather = weather);
    }

    /// Ends every open connection.
    pub fn cut(&self) {
        self.end_all(Cut::Closed);
    }

    /// Resets every open connection.
    pub fn reset(&self) {
        self.end_all(Cut::Reset);
    }

    fn end_all(&self, how: Cut) {
        self.sky.send_modify(|sky| {
            sky.cuts += 1;
            sky.how = how;
        });
    }
}

async fn accept(listener: TcpListener, server: watch::Receiver<SocketAddr>, sky: watch::Receiver<Sky>, seed: u64) {
    let connections = Arc::new(AtomicU64::new(0));
    while let Ok((client, _)) = listener.accept().await {
        if sky.borrow().weather.refuse {
            continue;
        }
        let server = *server.borrow();
        let (sky, number) = (sky.clone(), connections.fetch_add(1, Ordering::Relaxed));
        tokio::spawn(async move {
            let Ok(server) = TcpStream::connect(server).await else { return };
            for stream in [&client, &server] {
                let _ = stream.set_nodelay(true);
            }
            connect(client, server, sky, seed.wrapping_add(number)).await;
        });
    }
}

async fn connect(mut client: TcpStream, mut server: TcpStream, mut sky: watch::Receiver<Sky>, seed: u64) {
    let before = sky.borrow().cuts;
    let (there, back) = (sky.clone(), sky.clone());
    {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let there = carry(from_client, to_server, there, Some(Seed::new(seed)));
        let back = carry(from_server, to_client, back, None);
        tokio::select! {
            _ = async { tokio::join!(there, back) } => {}
            _ = sky.wait_for(|sky| sky.cuts != before) => {}
        }
    }
    let how = sky.borrow().how;
    if sky.borrow().cuts != before && how == Cut::Reset {
        for stream in [&client, &server] {
            let _ = stream.set_zero_linger();
        }
    }
}

/// Carries bytes one way until that side ends.
async fn carry(
    mut from: impl tokio::io::AsyncRead + Unpin,
    mut to: impl tokio::io::AsyncWrite + Unpin,
    mut sky: watch::Receiver<Sky>,
    mut corrupting: Option<Seed>,
) {
    let mut chunk = vec![0; CHUNK];
    while let Ok(count) = from.read(&mut chunk).await {
        if count == 0 {
            break;
        }
        if sky.wait_for(|sky| !sky.weather.silent).await.is_err() {
            return;
        }
        let Weather { delay, bytes_per_second, corrupt_one_in, .. } = sky.borrow().weather;
        let narrow = match bytes_per_second {
            0 => Duration::ZERO,
            rate => Duration::from_micros(count as u64 * 1_000_000 / u64::from(rate)),
        };
        if delay + narrow > Duration::ZERO {
            tokio::time::sleep(delay + narrow).await;
        }
        if let Some(seed) = corrupting.as_mut().filter(|_| corrupt_one_in > 0)
            && seed.below(u64::from(corrupt_one_in)) == 0
        {
            let place = seed.below(count as u64) as usize;
            chunk[place] ^= 1 << seed.below(7);
        }
        if to.write_all(&chunk[..count]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, timeout};

    use super::*;

    const SOON: Duration = Duration::from_secs(5);

    /// A server that says everything back, and a wire to it.
    async fn echo() -> Proxy {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let server = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut read, mut write) = stream.split();
                    let _ = tokio::io::copy(&mut read, &mut write).await;
                });
            }
        });
        Proxy::to(server, 1).await
    }

    async fn say(stream: &mut TcpStream, words: &[u8]) -> std::io::Result<Vec<u8>> {
        stream.write_all(words).await?;
        let mut back = vec![0; words.len()];
        stream.read_exact(&mut back).await?;
        Ok(back)
    }

    #[tokio::test]
    async fn the_weather_changes_for_open_connections() {
        let proxy = echo().await;
        let mut stream = TcpStream::connect(proxy.addr()).await.unwrap();
        assert_eq!(say(&mut stream, b"good").await.unwrap(), b"good");

        proxy.set(Weather { delay: Duration::from_millis(60), ..Weather::default() });
        let begin = Instant::now();
        assert_eq!(say(&mut stream, b"late").await.unwrap(), b"late");
        assert!(begin.elapsed() >= Duration::from_millis(120));

        proxy.set(Weather { corrupt_one_in: 1, ..Weather::default() });
        assert_ne!(say(&mut stream, b"changed").await.unwrap(), b"changed");

        proxy.set(Weather { silent: true, ..Weather::default() });
        assert!(timeout(Duration::from_millis(100), say(&mut stream, b"silent")).await.is_err());
        proxy.set(Weather::default());
        let mut back = [0; 6];
        timeout(SOON, stream.read_exact(&mut back)).await.unwrap().unwrap();
        assert_eq!(&back, b"silent", "what was held back comes after all");
    }

    #[tokio::test]
    async fn connections_are_cut_reset_and_refused() {
        let proxy = echo().await;
        for reset in [false, true] {
            let mut stream = TcpStream::connect(proxy.addr()).await.unwrap();
            say(&mut stream, b"open").await.unwrap();
            if reset {
                proxy.reset()
            } else {
                proxy.cut()
            }
            let ended = timeout(SOON, stream.read(&mut [0; 1])).await.unwrap();
            match reset {
                true => assert_eq!(ended.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset),
                false => assert_eq!(ended.unwrap(), 0),
            }
        }
        proxy.set(Weather { refuse: true, ..Weather::default() });
        let mut stream = TcpStream::connect(proxy.addr()).await.unwrap();
        assert!(say(&mut stream, b"no").await.is_err());
    }
}
