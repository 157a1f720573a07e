macro_rules! uses {
    ($($of:ty),*) => {
        #[inline(never)]
        pub fn uses(_: ($(&$of,)*)) {}
    };
}

macro_rules! future {
    (@$future:expr) => {
        crate::poll($future)
    };
    ($future:expr) => {
        pub fn start() {
            crate::poll($future);
        }
    };
}

#[inline(never)]
pub fn hold<T>(_: &T) {}

#[inline(never)]
pub fn poll<F: Future>(future: F) {
    let waker = std::task::Waker::noop();
    let _ = std::pin::pin!(future).poll(&mut std::task::Context::from_waker(waker));
}
