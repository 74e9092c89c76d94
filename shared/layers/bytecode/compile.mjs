// Writes the bytecode of every module under a folder: node compile.mjs FOLDER PLACE VERSION
//
// PLACE is where the folder will lie on Lambda, which tracebacks name; VERSION is Lambda's Python, "3.13". The
// archive changes modification times, so the bytecode is not checked against them.
import { createRequire } from "node:module";
import { join } from "node:path";

const [folder, place, version] = process.argv.slice(2);
const { loadPyodide } = createRequire(join(process.cwd(), "package.json"))("pyodide");
// A fixed seed: the order of a set in the source must not change from build to build.
const python = await loadPyodide({ env: { HOME: "/", PYTHONHASHSEED: "0" } });
python.FS.mkdirTree(place);
python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, place);
python.globals.set("place", place);
python.globals.set("version", version);
python.runPython(`
import compileall, platform, py_compile

assert platform.python_version().startswith(version + "."), platform.python_version()
unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
assert compileall.compile_dir(place, quiet=1, force=True, invalidation_mode=unchecked)
`);
