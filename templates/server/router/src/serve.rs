//! The accept loop of one generation.

use std::io;
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinError, JoinSet};
use tokio::time;

use {{crate}}_core::{Connection, Generation};

use crate::connection::{self, Socket};

/// How long a reload waits for requests that are in progress.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves until the generation is stopped and every request in progress is answered.
pub(crate) async fn serve(generation: &Generation, routes: Router) -> Result<()> {
    let context = generation.context();
    let listener = context.listener().and_then(TcpListener::from_std);
    let listener = listener.context("cannot use the listening socket")?;
    let mut stop = generation.stop_signal();
    let mut connections = JoinSet::new();
    let spawn = |connections: &mut JoinSet<()>, socket| {
        let (context, routes) = (context.clone(), routes.clone());
        let stop = generation.stop_signal();
        connections.spawn(connection::serve(context, socket, routes, stop));
    };

    for Connection { stream, unread } in context.take_parked() {
        let stream = TcpStream::from_std(stream).context("cannot use a parked connection")?;
        spawn(&mut connections, Socket::new(stream, unread));
    }
    loop {
        tokio::select! {
            () = stop.stopped() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => spawn(&mut connections, Socket::new(stream, Vec::new())),
                Err(error) => accept_failed(&error).await,
            },
            Some(ended) = connections.join_next() => report(ended),
        }
    }
    // What the kernel queues from now on waits there for the next generation.
    drop(listener);
    drain(connections).await;
    Ok(())
}

/// Most of these concern one connection that is gone. Without a pause, having too many open files
/// would make this a busy loop.
async fn accept_failed(error: &io::Error) {
    log::warn!("cannot accept a connection: {error}");
    time::sleep(Duration::from_millis(100)).await;
}

async fn drain(mut connections: JoinSet<()>) {
    let all = async {
        while let Some(ended) = connections.join_next().await {
            report(ended);
        }
    };
    if time::timeout(DRAIN, all).await.is_err() {
        let (count, limit) = (connections.len(), DRAIN.as_secs());
        log::warn!("cut {count} connection(s) that were not answered within {limit} s");
        connections.shutdown().await;
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        log::error!("a connection was closed without an answer: {error}");
    }
}
