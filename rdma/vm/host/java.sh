# Sourced by run: builds the module and its tests on the host, where that is quick, and lists what the
# guests' JVM needs.

GUEST_JVM_FLAGS=-XX:+UseSerialGC # the guests have one processor

# A property of the parent pom.
pom_property() {
  local name=$1 value
  value=$(sed -n "s:.*<$name>\(.*\)</$name>.*:\1:p" "$ROOT/pom.xml" | head -n 1)
  [[ -n $value ]] || fail "$ROOT/pom.xml does not define $name."
  echo "$value"
}

build_java() {
  local log=$WORK/maven.log junit console java_home
  # The launcher builds what "starling train" needs and knows how to find the JDK.
  java_home=$(STARLING_JAVA_OPTS="-XshowSettings:properties -version" \
    timeout "$BUILD_LIMIT_SECONDS" "$ROOT/engine/bin/starling" 2>&1 </dev/null |
    tee "$log" | sed -n 's/^ *java\.home = //p') || true
  [[ -n $java_home ]] || { tail -n 20 "$log" >&2; fail "engine/bin/starling does not start, see above."; }

  junit=$(pom_property junit.version)
  console=org.junit.platform:junit-platform-console-standalone:1.${junit#*.}
  (cd "$ROOT" && timeout "$BUILD_LIMIT_SECONDS" mvn -q -B -DskipTests -Dchecks.skip=true \
    -pl rdma -am package dependency:build-classpath -Dmdep.outputFile=target/classpath.txt \
    </dev/null >"$log" 2>&1 &&
    timeout "$BUILD_LIMIT_SECONDS" mvn -q -B -N dependency:copy -Dartifact="$console" \
      -DoutputDirectory="$WORK/junit" </dev/null >>"$log" 2>&1) ||
    { tail -n 40 "$log" >&2; fail "Maven could not build the module rdma, see above."; }

  rm -f "$WORK/tests.jar"
  "$java_home/bin/jar" --create --file "$WORK/tests.jar" -C "$ROOT/rdma/target/test-classes" .
  JAVA_ENVIRONMENT=(
    "JAVA_HOME=$java_home"
    "JAVA_FLAGS=$(pom_property starling.jvm.flags) $GUEST_JVM_FLAGS"
    "CLASS_PATH=$(class_path)"
    "JUNIT_CONSOLE=$(compgen -G "$WORK/junit/*-${console##*:}.jar")"
    "TESTS_JAR=$WORK/tests.jar"
  )
}

# Tests, module and dependencies. JUnit comes with its console.
class_path() {
  local path jar
  path=$WORK/tests.jar:$(compgen -G "$ROOT/rdma/target/starling-rdma-*.jar" |
    grep -Ev -- '-(tests|sources|javadoc)\.jar$' | head -n 1)
  while IFS= read -r jar; do
    case $jar in
      */org/junit/* | */org/opentest4j/* | */org/apiguardian/*) ;;
      *) path+=:$jar ;;
    esac
  done < <(tr ':' '\n' <"$ROOT/rdma/target/classpath.txt")
  echo "$path"
}
