//! HTTP/1.1 for servers of tests: it reads whole requests and gives scripted answers.

use std::io::{self, BufReader, Write};

use crate::loopback::Connection;
pub use answer::{Answer, Response};
pub use request::Request;

mod answer;
mod request;

/// Answers the requests of a connection until either side closes it.
pub(crate) fn serve(connection: Connection, respond: impl Fn(Request) -> Answer) {
    let mut reader = BufReader::new(connection);
    // A client that went away needs no answer.
    if let Ok(Ending::InOrder) = serve_connection(&mut reader, respond) {
        reader.into_inner().close().ok();
    }
}

enum Ending {
    InOrder,
    Abrupt,
}

fn serve_connection(
    reader: &mut BufReader<Connection>,
    respond: impl Fn(Request) -> Answer,
) -> io::Result<Ending> {
    loop {
        let request = match request::read(reader) {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(Ending::InOrder),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                let rejection = Response::new(400).with_body(error.to_string());
                rejection.write(reader.get_mut(), false)?;
                return Ok(Ending::InOrder);
            }
            Err(error) => return Err(error),
        };
        let (is_head, last) = (request.method == "HEAD", request.is_last());
        match respond(request) {
            Answer::Whole(response) => response.write(reader.get_mut(), is_head)?,
            Answer::Unfinished(response) => {
                response.write_unfinished(reader.get_mut())?;
                reader.get_mut().swallow();
                return Ok(Ending::Abrupt);
            }
            Answer::Endless(response) => {
                response.write_endless(reader.get_mut())?;
                return Ok(Ending::Abrupt);
            }
            Answer::Stall => {
                reader.get_mut().swallow();
                return Ok(Ending::Abrupt);
            }
            Answer::Drop => return Ok(Ending::Abrupt),
        }
        reader.get_mut().flush()?;
        if last {
            return Ok(Ending::InOrder);
        }
    }
}
