package main

import (
	"fmt"
	"os"
	"path/filepath"

	"whence/rules"
)

// withLibrary reports whether so many rules have room for the library.
func withLibrary(n int) bool { return n >= len(rules.Library().Rules()) }

// writeRules makes dir hold as many rules as are missing to n beside the library, or
// n when that alone has more. They are shaped as those of a SOC are: half about named actions, a quarter about a
// source and a class, one in ten about everything.
func writeRules(dir string, n int) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if withLibrary(n) {
		n -= len(rules.Library().Rules())
	}
	for i := range n {
		id := fmt.Sprintf("bench-%03d", i)
		text := fmt.Sprintf("{id: %s, title: Rule %d, severity: low, why: as many as a SOC has, when: '%s', tests: [{name: a read, match: false, chain: {class: read}}]}\n", id, i, when(i))
		if err := os.WriteFile(filepath.Join(dir, id+".yaml"), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// when is the expression of rule i. None of them matches a line of the estate, as
// a rule that is any good hardly ever does.
func when(i int) string {
	classes := [...]string{"write", "admin", "secret", "deploy", "model"}
	class, c := classes[i%len(classes)], calls[i%len(calls)]
	action := c.service + ":" + c.name
	switch i % 20 {
	case 0:
		return fmt.Sprintf(`outcome == "success" and executor.id endsWith ":user/breakglass-%d"`, i)
	case 1:
		return fmt.Sprintf(`class == "%s" and context.account == "1234567890%02d" and not cidr(context.ip, "10.%d.0.0/16")`, class, 13+i%80, i%200)
	case 2, 3:
		return fmt.Sprintf(`class in ["%s", "admin"] and outcome == "success" and not proven and status != "ambiguous" and context.region == "eu-west-%d"`, class, i)
	case 4:
		return fmt.Sprintf(`source == "aws.cloudtrail" and class == "%s" and any(resources, .id startsWith "arn:aws:s3:::vault-%d/")`, class, i)
	case 5:
		return fmt.Sprintf(`outcome == "success" and requestor.type == "agent" and requestor.unit == "team-%d" and class == "%s"`, i, class)
	case 6:
		return fmt.Sprintf(`outcome == "denied" and executor.type == "role" and context.region == "us-gov-west-%d"`, i)
	case 7:
		return fmt.Sprintf(`any(hops, .state == "revoked" and .principal.id == "svc-%d")`, i)
	case 8:
		return fmt.Sprintf(`source == "aws.cloudtrail" and class in ["write", "admin"] and requestor.id == "svc-%d@example.com"`, i)
	case 9:
		return fmt.Sprintf(`class == "%s" and status in ["unattributed", "partial"] and tenant == "t%d" and settled`, class, i)
	default:
		return fmt.Sprintf(`action in ["%s", "iam:CreateUser%d"] and outcome == "success" and requestor.type != "human" and context.account in ["1234567890%02d", "1234567890%02d"]`, action, i, 13+i%80, 14+i%80)
	}
}
