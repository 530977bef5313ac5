# Sourced by run: JUnit XML of the stages, and the line of JSON.

JSON_VALUES=(casUs cCasUs readUs cReadUs writeUs cWriteUs readMBs perftestReadMBs writeMBs
  perftestWriteMBs perfLockUs perfReadUs perfWriteUs perftestReadUs twoHostAccuracy)
CHAOS_VALUES=(chaosKills chaosPauses chaosStandstillMs)

escape_xml() {
  # Control characters are not allowed in XML, tabs and ends of lines are.
  tr -d '\000-\010\013\014\016-\037' | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/"/\&quot;/g'
}

# The checks of a stage as "node name seconds outcome", separated by tabs. That the guests came up
# and ended is a check too, so that a dead guest is a failed test.
stage_checks() {
  local stage=$1 status=$2 seconds=$3 node outcome=passed
  [[ $status -eq 0 || $status -eq 1 ]] || outcome="a guest ended with status $status ($GUEST_DIED: it died, $TIMED_OUT: time limit)"
  printf 'host\tguests\t%s\t%s\n' "$seconds" "$outcome"
  for node in "$WORK/$stage"/node*; do
    if [[ -f $node/results ]]; then
      sed "s/^/${node##*/}\t/" "$node/results"
    fi
  done
}

# Writes reports/TEST-vm-STAGE.xml and copies the reports of JUnit beside it.
collect_reports() {
  local stage=$1 status=$2 seconds=$3 file=$REPORTS/TEST-vm-$1.xml checks=$WORK/$1/checks
  local node name time outcome count failures
  stage_checks "$stage" "$status" "$seconds" >"$checks"
  count=$(wc -l <"$checks")
  failures=$(awk -F '\t' '$4 != "passed"' "$checks" | wc -l)
  {
    echo '<?xml version="1.0" encoding="UTF-8"?>'
    echo "<testsuite name=\"vm.$stage\" tests=\"$count\" failures=\"$failures\" errors=\"0\" skipped=\"0\" time=\"$seconds\">"
    while IFS=$'\t' read -r node name time outcome; do
      echo "<testcase classname=\"vm.$stage.$node\" name=\"$name\" time=\"$time\">"
      if [[ $outcome != passed ]]; then
        echo "<failure message=\"$(escape_xml <<<"$outcome")\">"
        if [[ -f $WORK/$stage/$node/$name.log ]]; then
          tail -n "$TAIL_LINES" "$WORK/$stage/$node/$name.log" | escape_xml
        fi
        echo "</failure>"
      fi
      echo "</testcase>"
    done <"$checks"
    echo "</testsuite>"
  } >"$file"
  for file in "$WORK/$stage"/reports/TEST-*.xml; do
    if [[ -f $file ]]; then
      cp "$file" "$REPORTS/TEST-vm-$stage-${file##*/TEST-}"
    fi
  done
}

print_results() {
  awk -F '\t' '{printf "  %-6s %-28s %7.1f s  %s\n", $1, $2, $3, $4}' "$WORK/$1/checks"
  cat "$WORK/$1"/node*/notes 2>/dev/null | sed 's/^/  /' || true
}

# Sum of an attribute of all suites.
sum_of() {
  local attribute=$1
  find "$REPORTS" -name 'TEST-*.xml' -exec sed -n "s/^<testsuite .* $attribute=\"\([0-9]*\)\".*/\1/p" {} + |
    awk '{n += $1} END {print n + 0}'
}

# total tests|failed|skipped
total() {
  case $1 in
    failed) echo $(($(sum_of failures) + $(sum_of errors))) ;;
    *) sum_of "$1" ;;
  esac
}

# The number that a guest noted under a name, or null.
noted() {
  { cat "$WORK"/{verbs,two-hosts,chaos,torture}/node*/values 2>/dev/null || true; } |
    awk -v key="$1" '$1 == key {value = $2} END {print value == "" ? "null" : value}'
}

summary() {
  local key value line
  line="{\"tests\": $(total tests), \"failed\": $(total failed)"
  if [[ " $CHOSEN_STAGES " == *" chaos "* ]]; then
    JSON_VALUES+=("${CHAOS_VALUES[@]}")
  fi
  for key in "${JSON_VALUES[@]}"; do
    value=$(noted "$key")
    if [[ $value == null ]]; then
      all_passed=false
    fi
    line+=", \"$key\": $value"
  done
  echo "$line}"
}
