package accounts

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/gen/db"
)

// A column that is added to the table and not to Account, or not handed over, fails here by its name.
func TestEveryColumnOfAnAccountIsMapped(t *testing.T) {
	t.Parallel()
	columns := reflect.TypeFor[db.LinkedInAccount]()
	require.Equal(t, columns.NumField(), reflect.TypeFor[Account]().NumField())
	for i := range columns.NumField() {
		var row db.LinkedInAccount
		set(reflect.ValueOf(&row).Elem().Field(i))
		account, err := fromRow(row, nil)
		require.NoError(t, err)
		mapped := reflect.ValueOf(account)
		for j := range mapped.NumField() {
			name, column := mapped.Type().Field(j).Name, columns.Field(i).Name
			require.Equal(t, strings.EqualFold(name, column), !mapped.Field(j).IsZero(), "%s from the column %s", name, column)
		}
	}
}

// set gives a field a value that is not its type's zero.
func set(field reflect.Value) {
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
	case reflect.Array:
		field.Set(reflect.ValueOf(uuid.Max))
	default: // a time
		field.Set(reflect.ValueOf(time.Unix(0, 0)))
	}
}
