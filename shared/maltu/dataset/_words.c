/* Adds up what a text's words cost, as in_python() of words.py does, without making a string of each word.
 *
 * Optional: where this is not compiled, words.py does without. It keeps no more than a fixed number of words and
 * of their letters, so nothing here grows or moves, and a word that is not kept is asked for again.
 */

#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include <stdint.h>
#include <string.h>

enum {
    MOST_WORDS = 32768,
    SLOTS = 2 * MOST_WORDS, /* so that most words are in the first slot that they may be in */
    PROBES = 32,            /* however they were chosen, words cannot make a search long */
    LONGEST = 255,          /* bytes */
    LETTERS = 1 << 20,
};

typedef struct {
    uint32_t hash;
    uint32_t place; /* of the word's length, a byte, and of its letters behind that; 0 where the slot is free */
    int64_t tokens;
} Slot;

typedef struct {
    uint32_t words;
    uint32_t used;
    Slot slots[SLOTS];
    unsigned char letters[LETTERS];
} Table;

typedef struct {
    PyObject_HEAD
    PyObject *tokens_of;
    Table *table;
} Words;

/* Give a word's slot, or the one that it may have; NULL where there is neither. */
static Slot *
slot_of(Table *table, uint32_t hash, const char *word, size_t size)
{
    for (uint32_t probe = 0; probe < PROBES; probe++) {
        Slot *slot = &table->slots[(hash + probe) % SLOTS];
        if (!slot->place) {
            return slot;
        }
        const unsigned char *kept = &table->letters[slot->place];
        if (slot->hash == hash && kept[0] == size && !memcmp(kept + 1, word, size)) {
            return slot;
        }
    }
    return NULL;
}

static void
keep(Table *table, uint32_t hash, const char *word, size_t size, int64_t tokens)
{
    if (size > LONGEST || table->words == MOST_WORDS || table->used + 1 + size > LETTERS) {
        return;
    }
    /* While the word was asked for, it or others may have been kept. */
    Slot *slot = slot_of(table, hash, word, size);
    if (!slot || slot->place) {
        return;
    }
    *slot = (Slot){hash, table->used, tokens};
    table->letters[table->used] = (unsigned char)size;
    memcpy(&table->letters[table->used + 1], word, size);
    table->used += 1 + (uint32_t)size;
    table->words++;
}

/* Ask what a word costs; -1 with an exception where that cannot be told. */
static int64_t
asked(PyObject *tokens_of, const char *word, size_t size)
{
    PyObject *string = PyUnicode_FromStringAndSize(word, (Py_ssize_t)size);
    if (!string) {
        return -1;
    }
    PyObject *answer = PyObject_CallFunctionObjArgs(tokens_of, string, NULL);
    Py_DECREF(string);
    if (!answer) {
        return -1;
    }
    int64_t tokens = PyLong_AsLongLong(answer);
    Py_DECREF(answer);
    if (tokens < 0 && !PyErr_Occurred()) {
        PyErr_SetString(PyExc_ValueError, "a word cannot cost less than nothing");
    }
    return tokens;
}

static PyObject *
add_up(PyObject *self, PyObject *marked)
{
    Words *words = (Words *)self;
    Py_ssize_t size;
    const char *word = PyUnicode_AsUTF8AndSize(marked, &size);
    if (!word) {
        return NULL;
    }
    const char *end = word + size;
    int64_t sum = 0;
    for (;;) {
        uint32_t hash = 2166136261u; /* FNV-1a */
        const char *stop = word;
        for (; stop < end && *stop != ' '; stop++) {
            hash = (hash ^ (unsigned char)*stop) * 16777619u;
        }
        size_t length = (size_t)(stop - word);
        Slot *slot = slot_of(words->table, hash, word, length);
        int64_t tokens;
        if (slot && slot->place) {
            tokens = slot->tokens;
        } else {
            tokens = asked(words->tokens_of, word, length);
            if (tokens < 0) {
                return NULL;
            }
            keep(words->table, hash, word, length, tokens);
        }
        if (tokens > INT64_MAX - sum) {
            PyErr_SetString(PyExc_OverflowError, "the words cost more than can be added up");
            return NULL;
        }
        sum += tokens;
        if (stop == end) {
            return PyLong_FromLongLong(sum);
        }
        word = stop + 1;
    }
}

static void
words_dealloc(PyObject *self)
{
    Words *words = (Words *)self;
    PyTypeObject *type = Py_TYPE(self);
    Py_XDECREF(words->tokens_of);
    PyMem_Free(words->table);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyObject *
words_new(PyTypeObject *type, PyObject *arguments, PyObject *Py_UNUSED(names))
{
    PyObject *tokens_of;
    if (!PyArg_ParseTuple(arguments, "O:Words", &tokens_of)) {
        return NULL;
    }
    Words *words = (Words *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (!words) {
        return NULL;
    }
    words->table = PyMem_Calloc(1, sizeof(Table));
    if (!words->table) {
        Py_DECREF(words);
        return PyErr_NoMemory();
    }
    words->table->used = 1;
    words->tokens_of = Py_NewRef(tokens_of);
    return (PyObject *)words;
}

static PyMethodDef words_methods[] = {
    {"add_up", add_up, METH_O, "Add up what the words between a text's spaces cost."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot words_slots[] = {
    {Py_tp_doc, "Remembers what words cost that a function has told."},
    {Py_tp_new, words_new},
    {Py_tp_dealloc, words_dealloc},
    {Py_tp_methods, words_methods},
    {0, NULL},
};

static PyType_Spec words_spec = {
    .name = "maltu.dataset._words.Words",
    .basicsize = sizeof(Words),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = words_slots,
};

static int
add_type(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &words_spec, NULL);
    if (!type) {
        return -1;
    }
    int failed = PyModule_AddType(module, (PyTypeObject *)type);
    Py_DECREF(type);
    return failed;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, add_type}, {0, NULL}};

static PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_words", .m_slots = slots};

PyMODINIT_FUNC
PyInit__words(void)
{
    return PyModuleDef_Init(&definition);
}
