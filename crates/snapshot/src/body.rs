//! The body of an answer: whole, a list in pieces, or a watch.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::Frame;

use crate::counters::Counters;
use crate::limits::CHUNKS_PER_TURN;
use crate::list::Pieces;
use crate::watch::Watch;

/// The body of an answer of the snapshot; dropping it ends the work behind it.
pub struct Body {
    content: Content,
    counters: Arc<Counters>,
}

type Next = Pin<Box<dyn Future<Output = Option<(Vec<u8>, Watch)>> + Send>>;

enum Content {
    Whole(Option<Bytes>),
    List { pieces: Box<Pieces>, in_turn: u32 },
    Watch(Next),
}

impl Body {
    pub(crate) fn whole(bytes: Vec<u8>, counters: Arc<Counters>) -> Self {
        Self { content: Content::Whole(Some(bytes.into())), counters }
    }

    pub(crate) fn list(pieces: Pieces, counters: Arc<Counters>) -> Self {
        Self { content: Content::List { pieces: Box::new(pieces), in_turn: 0 }, counters }
    }

    pub(crate) fn watch(watch: Watch, counters: Arc<Counters>) -> Self {
        Self { content: Content::Watch(Box::pin(watch.next())), counters }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes: Option<Bytes> = match &mut self.content {
            Content::Whole(bytes) => bytes.take(),
            Content::List { in_turn: turn @ CHUNKS_PER_TURN.., .. } => {
                *turn = 0;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Content::List { pieces, in_turn } => {
                *in_turn += 1;
                pieces.next().map(Bytes::from)
            }
            Content::Watch(next) => match ready!(next.as_mut().poll(context)) {
                Some((bytes, watch)) => {
                    self.content = Content::Watch(Box::pin(watch.next()));
                    Some(bytes.into())
                }
                None => {
                    self.content = Content::Whole(None);
                    None
                }
            },
        };
        if let Some(bytes) = &bytes {
            self.counters.sent(bytes.len());
        }
        Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn size_hint(&self) -> http_body::SizeHint {
        match &self.content {
            Content::Whole(Some(bytes)) => http_body::SizeHint::with_exact(bytes.len() as u64),
            Content::Whole(None) => http_body::SizeHint::with_exact(0),
            Content::List { .. } | Content::Watch(_) => http_body::SizeHint::default(),
        }
    }
}
