//! What delivery promises, whatever disks, processes and receivers do.

#[cfg(test)]
mod courier;
#[cfg(test)]
mod faulty;
#[cfg(test)]
mod held;
#[cfg(test)]
mod http;
#[cfg(test)]
mod line;
#[cfg(test)]
mod model;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod spool;
#[cfg(test)]
mod tls;
