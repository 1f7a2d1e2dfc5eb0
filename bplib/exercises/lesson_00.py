"""Lesson 00: shapes in the convention of the course, how many numbers a network has, who counts what."""

from .kinds import choice, value

# fmt: off

weight_shape = value(
    "Rows are examples: X is (5, 3), Z = X W + b is (5, 2). Which shape does W have? Answer rows, columns.",
    (3, 2),
    returns=("rows", "columns"),
    working="X (5, 3) times W (3, 2) is (5, 2): the inner sizes meet, the outer ones stay.",
    hints=(
        "In a product of matrices the number of columns on the left is the number of rows on the right.",
        "X has 3 columns, so W has 3 rows.",
        "Z has 2 columns, and so has W.",
    ),
    mutants=(
        ((2, 3), "That is W in the column convention, z = W x + b. Here X stands on the left: inputs are W's "
                 "rows, outputs its columns."),
        ((5, 3), "That is X. W does not know how many examples there are."),
        ((2, 5), "That is Zᵀ. W does not know how many examples there are: inputs by outputs."),
        ((3, 5), "That is Xᵀ. W leads from the 3 columns of X to the 2 columns of Z."),
        ((5, 2), "That is Z. W does not know how many examples there are."),
    ),
    after="(inputs, outputs): so it is throughout bplib.",
)

numbers_to_train = value(
    "A network 2-4-1 has 2 inputs, 4 hidden units and 1 output. How many weights, and how many biases?",
    (12, 5),
    returns=("weights", "biases"),
    working="2 · 4 + 4 · 1 = 12 weights; each of the 4 + 1 units has one bias.",
    hints=(
        "Draw it: a weight for every line between neighbouring columns of units.",
        "Two inputs to four hidden units are 8 lines. How many go on to the output?",
        "A unit that adds something up has one bias. Inputs add up nothing.",
    ),
    mutants=(
        ((12, 7), "Inputs are given: they add nothing up, so they have no bias."),
        ((12, 4), "The hidden units have 4. The output adds something up too, so it has one as well."),
        ((8, 5), "Those are the weights of the first layer. The four hidden units also lead to the output."),
        ((8, 4), "That is the first layer. The output has four weights and a bias of its own."),
        ((5, 12), "The other way round: first the weights, one for each line, then the biases, one for each "
                  "unit that adds up."),
        ((13, 4), "The output's bias is a bias too, though there is only one: it is not among the weights."),
        ((17, None), "17 is all of them together. How many are weights, and how many biases?"),
        ((6, 5), "2 + 4 counts units. Each of the 2 inputs leads to each of the 4 hidden units: multiply."),
    ),
    after="17 numbers: the playground has moved all of them, at every step.",
)

layers_of_three = choice(
    "Somebody writes “a three-layer network 784-64-32-10”. What do they count?",
    {
        "a": "all columns of units, the inputs among them",
        "b": "layers of weights",
        "c": "hidden layers",
        "d": "the objects in bplib's network.layers",
    },
    "b",
    wrong={
        "a": "784, 64, 32 and 10 are four columns of units.",
        "c": "Only the 64 and the 32 are hidden: two.",
        "d": "There each activation counts too: three affine layers and two activations between them, five.",
    },
    hints=(
        "Write the four numbers side by side.",
        "Between four columns there are three gaps. What sits in a gap?",
        "A layer of weights leads from each column to the next.",
    ),
    after="Before you compare two texts, look at what they count.",
)
