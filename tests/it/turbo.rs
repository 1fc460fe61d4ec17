//! The pictures once more with libjpeg-turbo (`--features turbo`), as a program of its own: all other tests would come out
//! the same, and take minutes to build a second time.

mod media;
