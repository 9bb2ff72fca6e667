//! The status webhooks of the fake platform: signed, tried again until taken, in an order of their own.

use tokio::sync::mpsc::UnboundedReceiver;

use super::server::AGAIN;
use super::{Report, Statuses};
use crate::http::Connection;
use crate::seed::Seed;
use crate::whatsapp;

/// Delivers reports until their sender is gone.
pub(super) async fn deliver(statuses: Statuses, mut reports: UnboundedReceiver<Report>) {
    let mut seed = Seed::new(statuses.seed);
    let mut connection = None;
    let mut batch = Vec::new();
    while reports.recv_many(&mut batch, 64).await > 0 {
        if statuses.shuffled {
            seed.shuffle(&mut batch);
        }
        for report in batch.drain(..) {
            if let Some(number) = statuses.numbers.iter().find(|n| n.phone_number_id == report.phone_number_id) {
                let callback = report.callback.as_deref();
                let body = whatsapp::status(number, &report.wamid, &report.to, callback, report.status);
                until_taken(&statuses, &mut connection, &number.request(&body)).await;
            }
        }
    }
}

async fn until_taken(statuses: &Statuses, connection: &mut Option<Connection>, request: &[u8]) {
    loop {
        if connection.is_none() {
            *connection = Connection::connect(statuses.router).await.ok();
        }
        if let Some(open) = connection {
            match open.exchange(request).await {
                Ok(reply) if reply.status < 500 => return,
                Ok(_) => {}
                Err(_) => *connection = None,
            }
        }
        tokio::time::sleep(AGAIN).await;
    }
}
