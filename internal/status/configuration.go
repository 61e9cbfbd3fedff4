package status

import (
	"fmt"

	"github.com/postwright/postwright/internal/fault"
)

// Configuration checks settings that could not be used, as err says; nil where they could.
func Configuration(err error) []Check {
	const name, remedy = "configuration", "Correct it; nothing else was looked at."
	if err == nil {
		return single(name, OK, "Every setting can be read.", "")
	}
	f := fault.Of(err)
	if len(f.Fields) == 0 {
		return single(name, Failed, f.Message, remedy)
	}
	var checks []Check
	for _, field := range f.Fields {
		checks = append(checks, single(name, Failed, field.Path+" "+field.Problem+".", remedy)...)
	}
	return checks
}

// Address checks whether an address could be listened on; err says why not.
func Address(address string, err error) Check {
	return tried("address", err, fmt.Sprintf("%s is free.", address), "")
}

// Clients checks whether what calls vendors and sends traces could be made; err says why not.
func Clients(err error) Check {
	return tried("clients", err, "The vendors' clients and the traces can be made.", "Correct the settings of the traces and the vendors.")
}

// tried is the result of trying something, which ended with err.
func tried(name string, err error, good, remedy string) Check {
	if err != nil {
		return Check{Name: name, State: Failed, Detail: fault.Of(err).Message, Remedy: remedy}
	}
	return Check{Name: name, State: OK, Detail: good}
}

// RemedyProxy follows the name of a variable that should name a proxy.
const RemedyProxy = "must be the URL of a proxy, such as http://proxy.example.org:3128, with %XX for what is special in a URL; or unset it"

// UnusedProxy warns of a variable that can't be read, and that nothing needs.
func UnusedProxy(variable string) Check {
	return Check{
		Name: variable, State: Warning, Detail: variable + " can't be read. No address that is set needs it now.",
		Remedy: "It " + RemedyProxy + ".",
	}
}
