mod pairs;
mod rustc;
