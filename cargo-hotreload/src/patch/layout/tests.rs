mod damaged;
mod oracle;
mod pairs;
mod reduced;
mod running;
mod rustc;
