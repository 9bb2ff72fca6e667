// Keys of programs.

import { Table } from "../page/table.js";

new Table("keys").load();
