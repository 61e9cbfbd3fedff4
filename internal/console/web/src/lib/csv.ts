// Tables as text (RFC 4180), as spreadsheets read and write them.

// parseCsv gives the rows of a table. Fields are parted by commas, or by semicolons where the first line has more of those.
export function parseCsv(text: string): string[][] {
  const source = text.replace(/^\ufeff/, "");
  const head = source.split(/\r?\n/, 1)[0] ?? "";
  const comma = head.split(";").length > head.split(",").length ? ";" : ",";
  const rows: string[][] = [];
  let row: string[] = [];
  let field = "";
  let quoted = false;
  const endField = () => {
    row.push(field);
    field = "";
  };
  const endRow = () => {
    endField();
    if (row.some((each) => each !== "")) {
      rows.push(row);
    }
    row = [];
  };
  for (let i = 0; i < source.length; i++) {
    const c = source.charAt(i);
    if (quoted) {
      if (c !== '"') {
        field += c;
      } else if (source.charAt(i + 1) === '"') {
        field += c;
        i++;
      } else {
        quoted = false;
      }
    } else if (c === '"' && field === "") {
      quoted = true;
    } else if (c === comma) {
      endField();
    } else if (c === "\n" || (c === "\r" && source.charAt(i + 1) !== "\n")) {
      endRow();
    } else if (c !== "\r") {
      field += c;
    }
  }
  endRow();
  return rows;
}

// A field that begins so is a formula to a spreadsheet: whoever opens the file would run what a text says.
const formula = /^[=+\-@\t\r]/;

export function writeCsv(rows: readonly (readonly string[])[]): string {
  const write = (field: string) => {
    const safe = formula.test(field) ? `'${field}` : field;
    return /[",;\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return rows.map((row) => `${row.map(write).join(",")}\r\n`).join("");
}
