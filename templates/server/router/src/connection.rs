//! One HTTP/1 connection, which may live longer than the generation that serves it.
//!
//! When a generation ends, its connections are in one of two states:
//!
//! - between two requests (also before the first): the client may send the next one at any time, so
//!   closing would lose it. The next generation gets the socket.
//! - in a request: it is answered, and the answer says `connection: close`.
//!
//! Before the first request has come in whole, it is the first case for sure. After that only hyper
//! knows exactly, and tells it by what it does when asked to shut down: in the first case it is done
//! at once, without writing a byte.

use std::future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{self, Poll};

use axum::Router;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;

use {{crate}}_core::{Connection, Context, StopSignal};

/// Serves the connection until it is closed, or until the stop; then it is parked if it can be.
pub(crate) async fn serve(
    context: Arc<Context>,
    socket: Socket,
    routes: Router,
    mut stop: StopSignal,
) {
    let touched = Arc::clone(&socket.touched);
    let routes = TowerToHyperService::new(routes);
    let service = service_fn(|request| {
        touched.store(true, Ordering::Relaxed);
        routes.call(request)
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(socket, service);

    tokio::select! {
        ended = &mut connection => return log_failure(ended),
        () = stop.stopped() => {}
    }

    let mut idle = !touched.swap(false, Ordering::Relaxed);
    if !idle {
        Pin::new(&mut connection).graceful_shutdown();
        let once =
            |task: &mut task::Context<'_>| Poll::Ready(connection.poll_without_shutdown(task));
        let done = matches!(future::poll_fn(once).await, Poll::Ready(Ok(())));
        idle = done && !touched.load(Ordering::Relaxed);
    }
    if idle {
        let parts = connection.into_parts();
        if let Err(error) = parts.io.park(&context, &parts.read_buf) {
            log::warn!("cannot hand a connection over: {error}");
        }
    } else {
        log_failure(connection.await);
    }
}

/// Clients come and go as they like: no reason for more than a debug message.
fn log_failure(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        log::debug!("connection: {error}");
    }
}

/// A TCP stream that first gives out what the generation before has read of it.
pub(crate) struct Socket {
    stream: TokioIo<TcpStream>,
    unread: Vec<u8>,
    /// Whether a request came in whole, or a write was tried, since this was last reset.
    touched: Arc<AtomicBool>,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream, unread: Vec<u8>) -> Self {
        // Answers go out whole, there is nothing to collect. Failing costs some milliseconds.
        let _ = stream.set_nodelay(true);
        Self {
            stream: TokioIo::new(stream),
            unread,
            touched: Arc::default(),
        }
    }

    /// Gives the stream to the next generation, with what was `read` of it in vain.
    fn park(self, context: &Context, read: &[u8]) -> io::Result<()> {
        context.park(Connection {
            stream: self.stream.into_inner().into_std()?,
            unread: [read, &self.unread].concat(),
        });
        Ok(())
    }

    fn stream(&mut self) -> Pin<&mut TokioIo<TcpStream>> {
        Pin::new(&mut self.stream)
    }
}

impl Read for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut task::Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.unread.is_empty() {
            return self.stream().poll_read(task, buffer);
        }
        let count = self.unread.len().min(buffer.remaining());
        buffer.put_slice(&self.unread[..count]);
        self.unread.drain(..count);
        Poll::Ready(Ok(()))
    }
}

impl Write for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut task::Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.touched.store(true, Ordering::Relaxed);
        self.stream().poll_write(task, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut task::Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.touched.store(true, Ordering::Relaxed);
        self.stream().poll_write_vectored(task, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut task::Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(task)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        task: &mut task::Context<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(task)
    }
}
