//! The plans that are sent: SQL with its parameters, and views of local rows.

use super::batches;
use super::protocol::{
    Command, CreateDataFrameViewCommand, DataType, Expression, LocalRelation, Plan, Relation, RelationCommon, Sql,
    SqlCommand, command, data_type, expression, plan, relation,
};
use crate::remote::sql::{Attached, Statement, Value};
use std::collections::HashMap;

/// A statement as a command: changes are made at once, and a query gives the relation to be read.
pub(super) fn statement(statement: &Statement) -> Plan {
    let named = statement.parameters.iter().map(|(name, value)| (name.clone(), literal(value)));
    #[allow(deprecated, reason = "a message has to name all its fields, or leave them at their defaults")]
    let sql =
        Sql { query: statement.text.clone(), named_arguments: named.collect::<HashMap<_, _>>(), ..Sql::default() };
    let input = related(relation::RelType::Sql(sql));
    command(command::CommandType::SqlCommand(SqlCommand { input: Some(input), ..SqlCommand::default() }))
}

/// Makes attached rows a view of the session, replacing the one of that name.
pub(super) fn view(rows: &Attached) -> Result<Plan, arrow_schema::ArrowError> {
    let columns: Vec<String> =
        rows.columns.iter().map(|c| format!("{} STRING", crate::remote::sql::quoted(c))).collect();
    let local = LocalRelation { data: Some(batches::encode(rows)?), schema: Some(columns.join(", ")) };
    Ok(command(command::CommandType::CreateDataframeView(CreateDataFrameViewCommand {
        input: Some(related(relation::RelType::LocalRelation(local))),
        name: rows.name.clone(),
        is_global: false,
        replace: true,
    })))
}

/// Reads a relation.
pub(super) fn root(relation: Relation) -> Plan {
    Plan { op_type: Some(plan::OpType::Root(relation)) }
}

fn command(kind: command::CommandType) -> Plan {
    Plan { op_type: Some(plan::OpType::Command(Command { command_type: Some(kind) })) }
}

fn related(kind: relation::RelType) -> Relation {
    let common = RelationCommon { plan_id: Some(0), ..RelationCommon::default() };
    Relation { common: Some(common), rel_type: Some(kind) }
}

fn literal(value: &Value) -> Expression {
    use expression::literal::LiteralType;
    let kind = match value {
        Value::Null => LiteralType::Null(DataType { kind: Some(data_type::Kind::Null(data_type::Null::default())) }),
        Value::Bool(b) => LiteralType::Boolean(*b),
        Value::Int(n) => LiteralType::Long(*n),
        Value::Float(x) => LiteralType::Double(*x),
        Value::Text(text) => LiteralType::String(text.clone()),
    };
    let literal = expression::Literal { literal_type: Some(kind), ..expression::Literal::default() };
    Expression { expr_type: Some(expression::ExprType::Literal(literal)), ..Expression::default() }
}
