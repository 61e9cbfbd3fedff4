// Package text judges texts by what people see of them. It owns the rules by which two spellings are one; it must not know
// posts, vendors or the database.
package text
