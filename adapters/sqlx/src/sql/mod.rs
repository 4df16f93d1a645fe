//! What the stores have in common, whichever database they are for.
//!
//! A store of one database brings four things: how it connects, its migrations, the statements that its
//! database has in its own way (counting, taking, sweeping), and a [`Link`]. The rest is here, once:
//!
//! * [`Value`] and [`Columns`]: what goes into a statement and what comes out of a row, so that nothing else
//!   meets sqlx's generics. Both are implemented for each database by a macro.
//! * [`Sql`]: the text of one statement, made when the store is opened and cloned by counting up. It is written
//!   with numbered parameters (`?1`), and turned into what the [`Dialect`] has.
//! * [`Layout`]: the names of tables and columns, checked and quoted ([`Naming`] is what an application says
//!   about them), and the statements that follow from them: select lists, inserts, replacements.
//! * [`records`]: records as the values of a row, in the order of the columns, and back.
//! * [`Reads`]: every look-up and listing that is the same everywhere, carried out over a [`Link`]; `look_ups` makes
//!   them the methods of a store.
//! * [`batch`]: a commit as the steps of a transaction, in an order that never lets two of them wait for each
//!   other.
//! * `counting`: an attempt as one statement.
//! * [`sweep`]: removing what is over, in statements of bounded length.
//! * `refresh`: a refresh as one statement.
//! * `server`: connections and transactions, for the databases that are servers.
//! * [`migrations`]: which there are, which were applied, and their text under another prefix.
//!
//! Columns are selected under the names `table.column`, whatever they are called in the database, so that two
//! tables of a join never clash and a fault names the place to look at.
//!
//! # Security
//!
//! Statements hold no value but through parameters. What of a statement comes from outside is identifiers, and a
//! [`Naming`] refuses those that are not plain words before any statement is made of them.

pub(crate) mod batch;
pub(crate) mod counting;
mod fault;
mod layout;
mod link;
mod look_ups;
pub(crate) mod migrations;
mod naming;
mod reads;
pub(crate) mod records;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) mod refresh;
mod row;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) mod server;
mod statement;
pub(crate) mod sweep;
mod user_table;
mod value;

pub(crate) use layout::{Layout, Table};
pub(crate) use link::Link;
pub(crate) use look_ups::look_ups;
pub use migrations::PendingMigration;
pub use naming::{NameError, Naming};
pub(crate) use reads::Reads;
pub(crate) use row::{Columns, required};
pub(crate) use statement::{Dialect, Sql};
pub(crate) use user_table::{Described, Kind};
pub use user_table::{FieldType, UserTable, UserTableError};
#[cfg(feature = "postgres")]
pub(crate) use value::List;
pub(crate) use value::{Value, integer};
