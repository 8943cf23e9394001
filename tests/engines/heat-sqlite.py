# Makes SQLite do what Keystone and Heat know of other databases: arguments are Keystone's file and Heat's, both new.
import sqlite3
import sys

keystone, heat = (sqlite3.connect(file) for file in sys.argv[1:])
for database in (keystone, heat):
    # Or readers that linger would lock writers out.
    database.execute("pragma journal_mode=wal")

# No id is given twice. Heat forgets attributes by the id of a row that may be gone already: where SQLite has given it to the properties of a
# resource, these are lost, and with them the resource's next check, for which its stack then waits for ever.
table = "resource_properties_data"
(sql,) = heat.execute("select sql from sqlite_master where name = ?", (table,)).fetchone()
kept = sql.replace("id INTEGER NOT NULL", "id INTEGER PRIMARY KEY AUTOINCREMENT").replace(", \n\tPRIMARY KEY (id)", "")
assert "AUTOINCREMENT" in kept and "PRIMARY KEY (id)" not in kept, sql
heat.executescript(f"pragma foreign_keys=off; drop table {table}; {kept}")
