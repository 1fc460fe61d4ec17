//! Values and rows without a driver.

use crate::store::Result;
use crate::store::error::StoreError;
use uuid::Uuid;

/// A value that travels to a statement or comes from a row.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::store) enum Value {
    /// No value.
    Null,
    /// Whole numbers, and yes or no as 1 or 0.
    Integer(i64),
    /// Numbers.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
    /// An id; bytes in a file, a type of its own on a server.
    Uuid(Uuid),
}

macro_rules! into_value {
    ($($type:ty => |$v:ident| $value:expr;)*) => {
        $(impl From<$type> for Value {
            fn from($v: $type) -> Self {
                $value
            }
        })*
    };
}

into_value! {
    i64 => |v| Self::Integer(v);
    i32 => |v| Self::Integer(i64::from(v));
    bool => |v| Self::Integer(i64::from(v));
    u16 => |v| Self::Integer(i64::from(v));
    f64 => |v| Self::Real(v);
    &str => |v| Self::Text(v.to_owned());
    &String => |v| Self::Text(v.clone());
    String => |v| Self::Text(v);
    &Option<String> => |v| v.clone().map_or(Self::Null, Self::Text);
    Vec<u8> => |v| Self::Blob(v);
    &Vec<u8> => |v| Self::Blob(v.clone());
    Uuid => |v| Self::Uuid(v);
    Option<Uuid> => |v| v.map_or(Self::Null, Self::Uuid);
    Option<i64> => |v| v.map_or(Self::Null, Self::Integer);
    &i64 => |v| Self::Integer(*v);
}

/// The values of a statement, given as a tuple, in the order of its marks.
pub(in crate::store) trait Values {
    /// As a list.
    fn list(self) -> Vec<Value>;
}

impl Values for Vec<Value> {
    fn list(self) -> Vec<Value> {
        self
    }
}

impl<T: Into<Value>, const N: usize> Values for [T; N] {
    fn list(self) -> Vec<Value> {
        self.into_iter().map(Into::into).collect()
    }
}

impl Values for () {
    fn list(self) -> Vec<Value> {
        Vec::new()
    }
}

macro_rules! tuples {
    ($($($name:ident)+;)*) => {
        $(impl<$($name: Into<Value>),+> Values for ($($name,)+) {
            #[allow(non_snake_case)]
            fn list(self) -> Vec<Value> {
                let ($($name,)+) = self;
                vec![$($name.into()),+]
            }
        })*
    };
}

tuples! {
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
    A B C D E F G;
    A B C D E F G H;
}

/// One row of a result.
#[derive(Clone, Debug)]
pub(in crate::store) struct Row(pub(in crate::store) Vec<Value>);

impl Row {
    /// A column, from 0.
    pub(in crate::store) fn get<T: FromValue>(&self, column: usize) -> Result<T> {
        let value = self.0.get(column).unwrap_or(&Value::Null);
        T::from_value(value).ok_or_else(|| StoreError::Corrupt {
            place: "the store".to_owned(),
            why: format!("column {column} of a row holds something else than it should"),
        })
    }
}

/// What a column can be read as.
pub(in crate::store) trait FromValue: Sized {
    /// The value as this type; `None` if it is of another kind or out of range.
    fn from_value(value: &Value) -> Option<Self>;
}

impl FromValue for i64 {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Integer(n) = value { Some(*n) } else { None }
    }
}

impl FromValue for f64 {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Real(x) => Some(*x),
            Value::Integer(n) => Some(*n as f64),
            _ => None,
        }
    }
}

impl FromValue for u32 {
    fn from_value(value: &Value) -> Option<Self> {
        i64::from_value(value)?.try_into().ok()
    }
}

impl FromValue for u16 {
    fn from_value(value: &Value) -> Option<Self> {
        i64::from_value(value)?.try_into().ok()
    }
}

impl FromValue for bool {
    fn from_value(value: &Value) -> Option<Self> {
        i64::from_value(value).map(|n| n != 0)
    }
}

impl FromValue for String {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value { Some(text.clone()) } else { None }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Blob(bytes) = value { Some(bytes.clone()) } else { None }
    }
}

impl FromValue for Uuid {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Uuid(id) => Some(*id),
            Value::Blob(bytes) => Uuid::from_slice(bytes).ok(),
            _ => None,
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Option<Self> {
        if *value == Value::Null { Some(None) } else { T::from_value(value).map(Some) }
    }
}
