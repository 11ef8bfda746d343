//! Attacks: what others send, or read, to get at the calls, the secrets or the machine.

mod bodies;
mod clients;
mod hosts;
mod logs;
mod parties;
mod secrets;
mod writes;
