// Package rowtest shows that what is made of a row has all of its columns.
//
// It must not know any one table.
package rowtest

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// EveryColumnIsMapped fails, by its name, for each column of Row that fromRow does not hand over to the one field of Mapped that
// has its name, whatever its case; and for each field of Mapped that is no column's. The columns leftOut are handed over to none.
func EveryColumnIsMapped[Row, Mapped any](t *testing.T, fromRow func(Row, error) (Mapped, error), leftOut ...string) {
	t.Helper()
	columns, fields := reflect.TypeFor[Row](), reflect.TypeFor[Mapped]()
	for i := range fields.NumField() {
		_, is := columns.FieldByNameFunc(named(fields.Field(i).Name))
		assert.True(t, is, "the field %s is no column's", fields.Field(i).Name)
	}
	for _, column := range leftOut {
		_, is := columns.FieldByName(column)
		assert.True(t, is, "%s, which is left out, is no column", column)
	}
	for i := range columns.NumField() {
		column := columns.Field(i).Name
		var row Row
		set(t, reflect.ValueOf(&row).Elem().Field(i))
		mapped, err := fromRow(row, nil)
		require.NoError(t, err)
		var into []string
		for j := range fields.NumField() {
			if !reflect.ValueOf(mapped).Field(j).IsZero() {
				into = append(into, fields.Field(j).Name)
			}
		}
		if slices.Contains(leftOut, column) {
			assert.Empty(t, into, "the fields that the column %s is handed over to, which is left out", column)
			continue
		}
		assert.True(t, len(into) == 1 && named(column)(into[0]), "the column %s is handed over to the fields %q", column, into)
	}
}

// named matches a name whatever its case: a field that its package keeps to itself begins with a small letter.
func named(name string) func(string) bool {
	return func(other string) bool { return strings.EqualFold(name, other) }
}

// set gives a field a value that is not its type's zero.
func set(t *testing.T, field reflect.Value) {
	t.Helper()
	switch field.Kind() {
	case reflect.Pointer:
		field.Set(reflect.New(field.Type().Elem()))
	case reflect.Slice:
		field.Set(reflect.MakeSlice(field.Type(), 1, 1))
	case reflect.Bool:
		field.SetBool(true)
	case reflect.String:
		field.SetString("set")
	case reflect.Int16, reflect.Int32, reflect.Int64:
		field.SetInt(1)
	case reflect.Float64:
		field.SetFloat(1)
	default:
		switch field.Interface().(type) {
		case uuid.UUID:
			field.Set(reflect.ValueOf(uuid.Max))
		case time.Time:
			field.Set(reflect.ValueOf(time.Unix(0, 0)))
		default:
			require.Fail(t, "no value is known for a column", "of type %s", field.Type())
		}
	}
}
