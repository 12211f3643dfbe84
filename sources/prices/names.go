package prices

import "strings"

// cuts shorten the name a log gives a model, step by step: by what says where it ran,
// who made it, and which build of it answered. The list is asked after each. Never
// more is left out: a model whose name merely begins like another's is another model.
var cuts = [...]func(string) string{path, region, vendor, revision, date}

// path leaves what comes after the last slash: of ARNs, and of the gateways' and
// Google's names (bedrock/us.anthropic..., models/gemini-...).
func path(model string) string { return model[strings.LastIndexByte(model, '/')+1:] }

// regions are what Bedrock puts before the models of inference profiles.
var regions = []string{"us.", "eu.", "apac.", "global.", "us-gov.", "jp.", "au.", "ca.", "sa."}

func region(model string) string { return without(model, regions) }

var vendors = []string{
	"anthropic.", "amazon.", "meta.", "mistral.", "cohere.", "ai21.", "deepseek.", "openai.", "qwen.", "writer.", "stability.",
}

func vendor(model string) string { return without(model, vendors) }

func without(model string, prefixes []string) string {
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(model, p); ok {
			return rest
		}
	}
	return model
}

// revision leaves out Bedrock's -v1:0, :0 and :0:200k, and what comes after an @.
func revision(model string) string {
	model, _, _ = strings.Cut(model, "@")
	model, _, found := strings.Cut(model, ":")
	if i := strings.LastIndex(model, "-v"); found && i > 0 && digits(model[i+2:]) {
		model = model[:i]
	}
	return model
}

// date leaves out the day of a build, -20240307 or -2024-08-06, and -latest.
func date(model string) string {
	if rest, ok := strings.CutSuffix(model, "-latest"); ok {
		return rest
	}
	n := len(model)
	switch {
	case n > 9 && model[n-9] == '-' && digits(model[n-8:]):
		return model[:n-9]
	case n > 11 && model[n-11] == '-' && model[n-6] == '-' && model[n-3] == '-' &&
		digits(model[n-10:n-6]) && digits(model[n-5:n-3]) && digits(model[n-2:]):
		return model[:n-11]
	}
	return model
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i]-'0' > 9 {
			return false
		}
	}
	return s != ""
}
