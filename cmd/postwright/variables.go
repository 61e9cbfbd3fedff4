package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/postwright/postwright/internal/spelling"
	"github.com/postwright/postwright/internal/status"
)

// variablePrefix begins the names of all environment variables that are settings.
const variablePrefix = "POSTWRIGHT_"

// ofCluster are the variables that Kubernetes gives every container for each Service whose name begins with postwright, such as
// postwright-db, and Docker for what is linked under such a name. One that ends in PORT and is no such address is meant as a
// setting.
var (
	ofCluster     = regexp.MustCompile(`^POSTWRIGHT_(.+_)?(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)
	portOfCluster = regexp.MustCompile(`^POSTWRIGHT_(.+_)?PORT=(tcp|udp|sctp)://`)
)

// strayVariables says which variables of an environment look like settings and are none: what is misspelt would be passed over in
// silence. The values are not told. environ is of the form of os.Environ.
func strayVariables(model *kong.Application, environ []string) []status.Check {
	var known []string
	err := kong.Visit(model, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			known = append(known, flag.Envs...)
		}
		return next(nil)
	})
	if err != nil { // the visitor gives none
		return nil
	}
	var plain []string
	for _, name := range known {
		plain = append(plain, strings.TrimPrefix(name, variablePrefix))
	}
	var checks []status.Check
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(strings.ToUpper(name), variablePrefix) || slices.Contains(known, name) ||
			ofCluster.MatchString(name) || portOfCluster.MatchString(variable) {
			continue
		}
		remedy := "`postwright serve --help` lists them; unset it if it is not meant for Postwright."
		if near := spelling.Nearest(name[len(variablePrefix):], plain); near != "" {
			remedy = fmt.Sprintf("Did you mean %s%s? %s", variablePrefix, near, remedy)
		}
		checks = append(checks, status.Check{
			Name:   "environment",
			State:  status.Warning,
			Detail: fmt.Sprintf("%s is set, and no setting has that name: it does nothing.", name),
			Remedy: remedy,
		})
	}
	return checks
}
