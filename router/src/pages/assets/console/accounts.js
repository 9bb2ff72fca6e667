// Accounts and how each is.

import { Table } from "../page/table.js";

new Table("accounts").load();
