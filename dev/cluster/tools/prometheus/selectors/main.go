// Selectors says what PromQL expressions read: a JSON list of expressions in, a JSON list of answers out.
// With it a test compares alerts and dashboards with the metrics that exist, by Prometheus' own parser.
package main

import (
	"encoding/json"
	"log"
	"os"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// Use is one metric of an expression and the labels that are matched, or by which it is grouped or joined.
type Use struct {
	Metric string   `json:"metric"`
	Labels []string `json:"labels"`
}

// Answer is what one expression reads, or why it is none.
type Answer struct {
	Error string `json:"error,omitempty"`
	Uses  []Use  `json:"uses"`
}

func main() {
	var expressions []string
	if err := json.NewDecoder(os.Stdin).Decode(&expressions); err != nil {
		log.Fatal(err)
	}
	answers := make([]Answer, 0, len(expressions))
	for _, expression := range expressions {
		answers = append(answers, answer(expression))
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		log.Fatal(err)
	}
}

func answer(expression string) Answer {
	root, err := parser.NewParser(parser.Options{}).ParseExpr(expression)
	if err != nil {
		return Answer{Error: err.Error()}
	}
	found := Answer{Uses: []Use{}}
	parser.Inspect(root, func(node parser.Node, _ []parser.Node) error {
		found.Uses = append(found.Uses, uses(node)...)
		return nil
	})
	return found
}

func uses(node parser.Node) []Use {
	switch read := node.(type) {
	case *parser.VectorSelector:
		return []Use{{Metric: metric(read), Labels: matched(read)}}
	case *parser.AggregateExpr:
		if !read.Without && len(read.Grouping) > 0 {
			return each(read.Grouping, read.Expr)
		}
	case *parser.BinaryExpr:
		if read.VectorMatching != nil && len(read.VectorMatching.MatchingLabels) > 0 {
			return each(read.VectorMatching.MatchingLabels, read.LHS, read.RHS)
		}
	}
	return nil
}

// each gives the metrics whose series come out of some nodes, with labels that these have to have.
func each(names []string, nodes ...parser.Node) []Use {
	var found []Use
	for _, node := range nodes {
		for _, selector := range carriers(node) {
			found = append(found, Use{Metric: metric(selector), Labels: names})
		}
	}
	return found
}

// carriers finds the selectors below a node; what only filters by "and" or "unless" gives no labels.
func carriers(node parser.Node) []*parser.VectorSelector {
	if selector, ok := node.(*parser.VectorSelector); ok {
		return []*parser.VectorSelector{selector}
	}
	if filter, ok := node.(*parser.BinaryExpr); ok && (filter.Op == parser.LAND || filter.Op == parser.LUNLESS) {
		return carriers(filter.LHS)
	}
	var found []*parser.VectorSelector
	for child := range parser.ChildrenIter(node) {
		found = append(found, carriers(child)...)
	}
	return found
}

func metric(selector *parser.VectorSelector) string {
	for _, matcher := range selector.LabelMatchers {
		if matcher.Name == labels.MetricName {
			return matcher.Value
		}
	}
	return selector.Name
}

func matched(selector *parser.VectorSelector) []string {
	names := []string{}
	for _, matcher := range selector.LabelMatchers {
		if matcher.Name != labels.MetricName {
			names = append(names, matcher.Name)
		}
	}
	return names
}
