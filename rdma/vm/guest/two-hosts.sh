source "$(dirname "${BASH_SOURCE[0]}")/checks.sh"
finish
