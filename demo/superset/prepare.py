"""Makes Superset's metadata ready: tables, roles and permissions, and the administrator. Run again it changes nothing.

    prepare.py tables             into the database of SUPERSET_HOME, when there is none
    prepare.py user NAME PASSWORD    the administrator, with this password from now on
The same as `superset db upgrade`, `superset init` and `superset fab create-admin`. SUPERSET_HOME, FRESHET_REDIS and
SUPERSET_CONFIG_PATH are in the environment.
"""

import sys

from superset.app import create_app


def tables():
    from flask_migrate import upgrade
    from superset import appbuilder, db, security_manager

    upgrade()
    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()
    db.session.commit()


def user(name, password):
    from superset import db, security_manager

    found = security_manager.find_user(username=name)
    if found:
        security_manager.reset_password(found.id, password)
    elif not security_manager.add_user(name, "Demo", "Administrator", f"{name}@localhost.localdomain",
                                       security_manager.find_role("Admin"), password):
        sys.exit(f"cannot create the user {name}")
    db.session.commit()


if __name__ == "__main__":
    step, arguments = sys.argv[1], sys.argv[2:]
    with create_app().app_context():
        {"tables": tables, "user": user}[step](*arguments)
