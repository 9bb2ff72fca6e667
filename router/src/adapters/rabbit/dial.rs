//! Opens a connection, and tells a server that is away from one that does not want us.

use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::Stream;
use lapin::tcp::{AsyncTcpStream, OwnedTLSConfig};
use lapin::uri::AMQPScheme;
use lapin::{Connection, ConnectionProperties, ErrorKind, Event};
use tokio::time::timeout;

use super::options::{Node, RabbitOptions};
use super::{OpenError, said};

/// How long the server may take for the greeting: asking its directory about our password may take a while.
const GREETING_WITHIN: Duration = Duration::from_secs(5);

/// AMQP's own numbers of the two ways to be refused.
const ACCESS_REFUSED: u16 = 403;
const NOT_ALLOWED: u16 = 530;

/// What happens to a connection.
pub(super) type Events = Pin<Box<dyn Stream<Item = Event> + Send>>;

/// A fresh connection.
pub(super) struct Dialled {
    /// The connection. It recovers nothing by itself.
    pub(super) connection: Connection,
    /// What happens to it.
    pub(super) events: Events,
    /// Ends it for certain.
    pub(super) plug: Plug,
}

/// Why there is none.
#[derive(Debug)]
pub(super) enum NoConnection {
    /// Try again later.
    Away(String),
    /// Somebody has to change something first.
    Refused(OpenError),
}

/// A second handle on a connection's socket. The library's thread waits for the server for as long as the socket
/// lives, so whoever gives a connection up pulls this.
#[derive(Debug)]
pub(super) struct Plug(TcpStream);

impl Plug {
    /// Ends the connection, whatever state it is in.
    pub(super) fn pull(&self) {
        // That it is ended already is no fault.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

impl Drop for Plug {
    fn drop(&mut self) {
        self.pull();
    }
}

/// Connects to a node.
pub(super) async fn dial(node: &Node, options: &RabbitOptions) -> Result<Dialled, NoConnection> {
    let away = |what: &str, cause: &dyn std::fmt::Display| NoConnection::Away(format!("{node}: {what}: {cause}"));
    let uri = node.uri(options.heartbeat);
    let runtime = lapin::runtime::default_runtime().map_err(|cause| away("no runtime", &cause))?;
    let connect = async {
        let host = (uri.authority.host.as_str(), uri.authority.port);
        let addresses: Vec<_> = tokio::net::lookup_host(host).await?.collect();
        let stream = AsyncTcpStream::connect(&runtime, addresses).await?;
        let AsyncTcpStream::Plain(plain) = &stream else { return Err(std::io::Error::other("not plain yet")) };
        let plug = Plug(plain.get_ref().as_fd().try_clone_to_owned()?.into());
        let stream = match uri.scheme {
            AMQPScheme::AMQP => stream,
            AMQPScheme::AMQPS => stream.into_tls(&uri.authority.host, OwnedTLSConfig::default().as_ref()).await?,
        };
        Ok((stream, plug))
    };
    let (stream, plug) = match timeout(options.answer_within, connect).await {
        Ok(connected) => connected.map_err(|cause| away("cannot be reached", &cause))?,
        Err(_) => return Err(away("cannot be reached", &format!("no answer within {:?}", options.answer_within))),
    };
    let properties = ConnectionProperties::default().with_connection_name(options.connection_name.as_str().into());
    // The library wants to connect by itself, from a thread of its own; it gets what is there, once.
    let stream = Arc::new(Mutex::new(Some(stream)));
    let hand_over = async move |_, _| {
        let stream = stream.lock().unwrap_or_else(PoisonError::into_inner).take();
        stream.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::NotConnected).into())
    };
    let greeting = Connection::connector(uri, runtime, hand_over, properties);
    match timeout(GREETING_WITHIN, greeting).await {
        Ok(Ok(connection)) => {
            let events = Box::pin(connection.events_listener());
            Ok(Dialled { connection, events, plug })
        }
        Ok(Err(error)) => Err(refusal(node, &error)),
        // The plug is pulled as it is dropped.
        Err(_) => Err(away("does not answer", &"is it RabbitMQ, and does it run?")),
    }
}

fn refusal(node: &Node, error: &lapin::Error) -> NoConnection {
    let refused = |cure| NoConnection::Refused(OpenError::Refused { node: node.to_string(), cause: said(error), cure });
    match error.kind() {
        ErrorKind::ProtocolError(amqp) if amqp.get_id() == ACCESS_REFUSED => {
            refused("check user and password in the broker's URL (rabbitmqctl authenticate_user USER PASSWORD)")
        }
        ErrorKind::ProtocolError(amqp) if amqp.get_id() == NOT_ALLOWED => refused(
            "make the virtual host and let the user in: rabbitmqctl add_vhost VHOST, \
             rabbitmqctl set_permissions -p VHOST USER '.*' '.*' '.*'",
        ),
        ErrorKind::InvalidProtocolVersion(_) | ErrorKind::ParsingError(_) => {
            refused("this is no RabbitMQ, or not its AMQP port (5672; 5671 with TLS)")
        }
        _ => NoConnection::Away(format!("{node}: {}", said(error))),
    }
}
