// CREATE / ALTER / DROP ROLE and USER, GRANT, REVOKE.

#include "sql/position.h"
#include "sql/statement.h"

namespace sql {

using pg::Is;
using pg::Node;
using pg::StringOf;

namespace {

using Body = std::optional<StatementBody>;

base::Status ReadOption(const PgQuery__DefElem& option, const StatementSource& source,
                        RoleStatement* out) {
  const std::string_view name = option.defname;
  const auto refuse = [&](const std::string& what) {
    return At(base::Unsupported(what).WithHint("A role has LOGIN, SUPERUSER and PASSWORD."),
              source.text, option.location);
  };
  if (name == "password") {
    if (option.arg == nullptr) return refuse("a NULL password is not supported");
    out->password = ConstantText(option.arg);
    return {};
  }
  bool on = true;
  if (Is(option.arg, PG_QUERY__NODE__NODE_BOOLEAN)) on = option.arg->boolean->boolval;
  if (Is(option.arg, PG_QUERY__NODE__NODE_INTEGER)) on = option.arg->integer->ival != 0;
  if (name == "canlogin") out->login = on;
  else if (name == "superuser") out->superuser = on;
  else if (name == "inherit")
    return on ? base::Status() : refuse("role option NOINHERIT is not supported");
  else if (on || (name != "createdb" && name != "createrole" && name != "isreplication" &&
                  name != "bypassrls"))
    return refuse("role option \"" + std::string(name) + "\" is not supported");
  return {};
}

base::Result<Body> ConvertCreateRole(const PgQuery__CreateRoleStmt& create,
                                     const StatementSource& source) {
  RoleStatement out;
  out.name = create.role;
  if (create.stmt_type == PG_QUERY__ROLE_STMT_TYPE__ROLESTMT_USER) out.login = true;
  for (const Node* option : FRESHET_PG_LIST(create, options))
    if (Is(option, PG_QUERY__NODE__NODE_DEF_ELEM))
      RETURN_IF_ERROR(ReadOption(*option->def_elem, source, &out));
  return Body(std::move(out));
}

base::Result<std::string> RoleName(const PgQuery__RoleSpec& role, const StatementSource& source) {
  if (role.roletype == PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CSTRING)
    return std::string(role.rolename);
  if (role.roletype == PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_PUBLIC) return std::string("public");
  return At(base::Unsupported("CURRENT_USER and its relatives cannot name a role here")
                .WithHint("Write the role's name."),
            source.text, role.location);
}

base::Result<Body> ConvertAlterRole(const PgQuery__AlterRoleStmt& alter,
                                    const StatementSource& source) {
  RoleStatement out;
  out.create = false;
  ASSIGN_OR_RETURN(out.name, RoleName(*alter.role, source));
  for (const Node* option : FRESHET_PG_LIST(alter, options))
    if (Is(option, PG_QUERY__NODE__NODE_DEF_ELEM))
      RETURN_IF_ERROR(ReadOption(*option->def_elem, source, &out));
  return Body(std::move(out));
}

base::Result<Body> ConvertDropRole(const PgQuery__DropRoleStmt& drop,
                                   const StatementSource& source) {
  DropStatement out;
  out.kind = DropStatement::Kind::kRole;
  out.if_exists = drop.missing_ok;
  for (const Node* role : FRESHET_PG_LIST(drop, roles)) {
    if (!Is(role, PG_QUERY__NODE__NODE_ROLE_SPEC)) continue;
    ASSIGN_OR_RETURN(std::string name, RoleName(*role->role_spec, source));
    out.names.push_back(std::move(name));
  }
  return Body(std::move(out));
}

base::Status CheckPrivileges(const PgQuery__GrantStmt& grant) {
  for (const Node* privilege : FRESHET_PG_LIST(grant, privileges)) {
    if (!Is(privilege, PG_QUERY__NODE__NODE_ACCESS_PRIV)) continue;
    if (privilege->access_priv->n_cols > 0)
      return base::Unsupported("privileges on columns are not supported");
    const std::string_view name = privilege->access_priv->priv_name;
    if (!name.empty() && name != "select")  // an empty name is ALL
      return base::Unsupported("privilege \"" + std::string(name) + "\" cannot be granted")
          .WithHint("There is only SELECT.");
  }
  if (grant.grant_option) return base::Unsupported("WITH GRANT OPTION is not supported");
  return {};
}

base::Result<Body> ConvertGrant(const PgQuery__GrantStmt& grant, const StatementSource& source) {
  GrantStatement out;
  out.revoke = !grant.is_grant;
  if (grant.objtype != PG_QUERY__OBJECT_TYPE__OBJECT_TABLE)
    return base::Unsupported("privileges on anything but relations are not supported")
        .WithHint("Write GRANT SELECT ON relation TO role, or ON ALL TABLES IN SCHEMA public.");
  RETURN_IF_ERROR(CheckPrivileges(grant));
  if (grant.targtype == PG_QUERY__GRANT_TARGET_TYPE__ACL_TARGET_ALL_IN_SCHEMA) {
    for (const Node* schema : FRESHET_PG_LIST(grant, objects))
      if (StringOf(schema) != "public")
        return base::Unsupported("privileges on all tables of schema \"" +
                                 std::string(StringOf(schema)) + "\" are not supported");
  } else {
    for (const Node* object : FRESHET_PG_LIST(grant, objects)) {
      if (!Is(object, PG_QUERY__NODE__NODE_RANGE_VAR))
        return base::Unsupported("this kind of GRANT is not supported");
      const PgQuery__RangeVar& relation = *object->range_var;
      const std::string schema = relation.schemaname;
      out.relations.push_back((schema.empty() || schema == "public" ? "" : schema + ".") +
                              relation.relname);
    }
  }
  for (const Node* grantee : FRESHET_PG_LIST(grant, grantees)) {
    if (!Is(grantee, PG_QUERY__NODE__NODE_ROLE_SPEC)) continue;
    ASSIGN_OR_RETURN(std::string name, RoleName(*grantee->role_spec, source));
    out.roles.push_back(std::move(name));
  }
  return Body(std::move(out));
}

}  // namespace

base::Result<Body> ConvertRoleStatement(const Node* node, const StatementSource& source) {
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_CREATE_ROLE_STMT:
      return ConvertCreateRole(*node->create_role_stmt, source);
    case PG_QUERY__NODE__NODE_ALTER_ROLE_STMT:
      return ConvertAlterRole(*node->alter_role_stmt, source);
    case PG_QUERY__NODE__NODE_DROP_ROLE_STMT: return ConvertDropRole(*node->drop_role_stmt, source);
    case PG_QUERY__NODE__NODE_GRANT_STMT: return ConvertGrant(*node->grant_stmt, source);
    default: return Body();
  }
}

}  // namespace sql
