package publishing

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// A column that is added to a table and not to the type that stands for its rows, or not handed over, fails here by its name.
func TestEveryColumnOfAnAttemptAndOfAPublicationIsMapped(t *testing.T) {
	t.Parallel()
	mapped(t, attemptFromRow)
	mapped(t, publicationFromRow)
}

func mapped[Row, Domain any](t *testing.T, fromRow func(Row, error) (Domain, error)) {
	t.Helper()
	columns := reflect.TypeFor[Row]()
	require.Equal(t, columns.NumField(), reflect.TypeFor[Domain]().NumField())
	for i := range columns.NumField() {
		var row Row
		set(reflect.ValueOf(&row).Elem().Field(i))
		value, err := fromRow(row, nil)
		require.NoError(t, err)
		fields := reflect.ValueOf(value)
		for j := range fields.NumField() {
			name, column := fields.Type().Field(j).Name, columns.Field(i).Name
			require.Equal(t, strings.EqualFold(name, column), !fields.Field(j).IsZero(), "%s from the column %s", name, column)
		}
	}
}

// set gives a field a value that is not its type's zero.
func set(field reflect.Value) {
	switch field.Kind() {
	case reflect.Pointer:
		field.Set(reflect.New(field.Type().Elem()))
	case reflect.String:
		field.SetString("set")
	case reflect.Int32, reflect.Int64:
		field.SetInt(1)
	case reflect.Array:
		field.Set(reflect.ValueOf(uuid.Max))
	default: // a time
		field.Set(reflect.ValueOf(time.Unix(0, 0)))
	}
}
