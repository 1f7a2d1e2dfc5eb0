"""What the lessons ask to predict: a row for each question, by lesson.

A question is answered by a number, by a letter (`options`), or by a sign. Here stands no result: the cell
that comes after the prediction computes it, and hands it to `ex.outcome`.
"""

from dataclasses import dataclass

SIGNS = {"-": "negative", "0": "zero", "+": "positive"}


@dataclass(frozen=True)
class Question:
    """`options` letter → text, or None where a number is asked for. `by` says how a number is compared with
    the result: by their "difference", or by the "factor" between them where orders of magnitude matter."""

    name: str
    lesson: int
    text: str
    options: dict | None = None
    by: str = "difference"


ALL = [
    Question(
        "wrong_slope",
        1,
        "Which of the program's three answers disagrees with the nudges?",
        options={"a": "dx", "b": "dy", "c": "dz"},
    ),
    Question(
        "log_square_slope",
        1,
        "Which slope does the program find for log(x · x) at x = −3?",
    ),
    Question(
        "steepest_direction",
        1,
        "In which direction, in degrees from −180 to 180, does a short step lower L most? (g = (5, 6)"
        " points to 50 degrees.)",
    ),
    Question(
        "loss_after_long_step",
        1,
        "What is L after the step with η = 1? (It was 8 before.)",
        by="factor",
    ),
    Question(
        "error_over_h",
        1,
        "How does the error of a central difference change as h shrinks from 0.1 to 1e-14?",
        options={
            "a": "it falls all the way",
            "b": "it falls, and then it rises",
            "c": "it rises all the way",
        },
    ),
    Question(
        "change_of_two_layers",
        2,
        "By how much does the result change whenever x grows by 1?",
    ),
    Question(
        "largest_sigmoid_slope",
        2,
        "How large is the slope of the sigmoid where it is largest?",
    ),
    Question(
        "referee_at_the_kink",
        2,
        "Which slope does the central difference find for ReLU at z = 0?",
    ),
    Question(
        "slope_of_a_step",
        2,
        "Which slope does a nudge of w find for the step unit?",
    ),
    Question(
        "through_twenty_sigmoids",
        2,
        "Twenty sigmoids in a row, all weights 1, all biases 0, the input 0.5: which share of a gradient "
        "arrives at the input? (1e-3 is a thousandth.)",
        by="factor",
    ),
    Question(
        "loss_after_printed_step",
        3,
        "L is 2.25. What is it after one step of the printed rule?",
    ),
    Question(
        "fastest_rate",
        3,
        "Which of η = 0.04, 0.2, 0.36, 0.4, 0.44 gets to 0 fastest?",
    ),
    Question(
        "likeliest_p",
        3,
        "Heads, heads, tails: which probability p of heads makes this most likely?",
    ),
    Question(
        "pull_of_squared_error",
        3,
        "z = 10, and 0 is right. How large is the slope of the squared error (y − ŷ)² with respect to z? "
        "(1e-3 is a thousandth.)",
        by="factor",
    ),
    Question(
        "loss_of_knowing_nothing",
        3,
        "What is the loss of a neuron that answers ½ to everything?",
    ),
    Question(
        "stronger_unit",
        4,
        "Which hidden unit answers more strongly to x = (1, 2)?",
        options={"a": "the first", "b": "the second"},
    ),
    Question(
        "one_error_or_all",
        4,
        "With which does a nudge of v₁₂ agree?",
        options={"a": "the slope of one E_k", "b": "the sum of the slopes of all three"},
    ),
    Question(
        "stale_error_growth",
        4,
        "η grows tenfold. By which factor does the relative error of the gradient grow?",
        by="factor",
    ),
    Question(
        "paths_of_784",
        4,
        "How many paths lead from any of the inputs to any of the outputs of 784-64-32-10, in all? (2e6 is"
        " two million.)",
        by="factor",
    ),
    Question(
        "products_of_784",
        4,
        "How many products wδ does it take to find all hidden δ of 784-64-32-10 together?",
        by="factor",
    ),
    Question(
        "sign_of_output_bias",
        4,
        "Which sign does ∂L/∂b² have?",
        options=SIGNS,
    ),
    Question(
        "shape_of_difference",
        5,
        "Which shape has (4, 1) − (4,)?",
        options={"a": "(4, 1)", "b": "(4,)", "c": "(4, 4)"},
    ),
    Question(
        "slope_from_a_table",
        5,
        "Which slope w is learned from that loss, for the data y = 2x?",
    ),
    Question(
        "products_that_fit",
        5,
        "All matrices are 3 × 3. How many of the eight products fit?",
    ),
    Question(
        "loss_of_the_mean",
        5,
        "What is the loss of a program that always answers each output's mean? (The network stopped "
        "at about 300.)",
        by="factor",
    ),
    Question(
        "raise_one_score",
        6,
        "z₂ is raised a little. What do p₁ and p₃ do?",
        options={"a": "both stay", "b": "one of them falls", "c": "both fall", "d": "both rise"},
    ),
    Question(
        "flat_list_divisor",
        6,
        "By which number does the published line divide, for one flat list of ten?",
    ),
    Question(
        "gates_in_the_cache",
        6,
        "What is dX now, with a prediction in between?",
        options={"a": "[1, 0, 1], the gates of the batch", "b": "[0, 1, 1], the gates of the prediction"},
    ),
    Question(
        "distance_of_twins",
        7,
        "How far apart are the two accuracies (0 to 1) in the middle one of five starts?",
    ),
    Question(
        "wrong_networks_that_pass",
        7,
        "How many of the three pass: random weights; all zero, targets too; dead units, targets zero?",
    ),
    Question(
        "best_step_of_the_check",
        7,
        "At which h is the error of a sound network smallest? (1e-3 is a thousandth.)",
        by="factor",
    ),
    Question(
        "xor_one_unit",
        8,
        "How many of the four rows does one neuron get right?",
    ),
    Question(
        "tables_of_one_unit",
        8,
        "How many of the 16 truth tables can one neuron learn?",
    ),
    Question(
        "epochs_until_solved",
        8,
        "After how many epochs does the published network first have all four right?",
        by="factor",
    ),
    Question(
        "answer_of_tied_units",
        8,
        "What does the tied tanh network answer to (0, 0), where 0 is right?",
    ),
    Question(
        "starts_that_solve",
        8,
        "How many of ten random starts solve XOR with 2 hidden units?",
    ),
    Question(
        "first_suspect",
        9,
        "Which change alone raises R² most?",
        options={
            "a": "a larger rate",
            "b": "smaller inputs",
            "c": "biases",
            "d": "a scale without the test rows",
        },
    ),
    Question(
        "size_of_first_z",
        9,
        "What is the standard deviation of z in the first layer?",
    ),
    Question(
        "share_beyond_five",
        9,
        "Which share of the units (0 to 1) is beyond |z| = 5?",
    ),
    Question(
        "last_z_of_twenty",
        9,
        "20 ReLU layers of 100 units, weights of size 1: how big is the last z?",
        by="factor",
    ),
    Question(
        "loss_untrained",
        10,
        "What is the loss of the untrained network?",
    ),
    Question(
        "share_read_in_the_end",
        10,
        "Which share of the test images (0 to 1) does the trained network read?",
    ),
    Question(
        "share_by_hand",
        10,
        "Which validation accuracy (0 to 1) does the program by hand reach after one pass?",
    ),
    Question(
        "change_that_helps_most",
        10,
        "Which single change helps most?",
        options={
            "a": "scaling: raw pixels, 0 … 255",
            "b": "loss: softmax cross-entropy",
            "c": "optimiser: Adam",
            "d": "batch: 256 images a step",
            "e": "order: shuffled",
            "f": "initial weights: Xavier's",
            "g": "rate: 0.1",
        },
    ),
    Question(
        "loss_of_third_program",
        10,
        "What is the loss of the third program after 600 steps?",
    ),
    Question(
        "weights_of_black_pixels",
        10,
        "How far does training move the weights of pixels that are always 0?",
        options={"a": "not at all", "b": "a little", "c": "as far as the others"},
    ),
    Question(
        "wrong_gradient_of_two",
        11,
        "Which gradient is wrong?",
        options={"a": "that of V", "b": "that of W", "c": "both"},
    ),
    Question(
        "which_learns_better",
        11,
        "One image at a time, rate 0.1: which learns better?",
        options={"a": "the gradient that is ten times too small", "b": "the right one"},
    ),
    Question(
        "values_among_six",
        11,
        "How many different values do the six elements of the gradient have?",
    ),
    Question(
        "shape_for_the_bias",
        12,
        "b has shape (3,). The first code passes d, of shape (4, 3), on to both. Which shape does it give "
        "for b?",
        options={"a": "(3,)", "b": "(4, 3)", "c": "(4,)"},
    ),
    Question(
        "order_of_5000_sums",
        12,
        "What does the function that calls itself do on a chain of 5 000 sums?",
        options={"a": "it ends in the right order", "b": "it never ends", "c": "Python stops it: an error"},
    ),
    Question(
        "passes_by_differences",
        12,
        "The small network has 44 parameters. How many passes does its gradient take by central differences?",
    ),
    Question(
        "tape_at_minus_800",
        12,
        "What slope does the tape find at z = −800?",
        options={"a": "−1", "b": "0", "c": "no number, NaN"},
    ),
    Question(
        "loss_of_nine_layers",
        13,
        "What is the loss of the deep sigmoid network after 200 steps?",
    ),
    Question(
        "ten_times_the_numbers",
        13,
        "x̂ of ten times the numbers is",
        options={"a": "ten times as large", "b": "the same", "c": "a tenth as large"},
    ),
    Question(
        "one_row_alone",
        13,
        "What is the largest |x̂| when a single row comes alone?",
    ),
    Question(
        "wrong_labels_learnt",
        13,
        "Which share of the wrong labels (0 to 1) does the network give back at the end?",
    ),
    Question(
        "mean_of_dropped",
        13,
        "x = 2 is dropped with p = 0.4. What is its mean?",
    ),
    Question(
        "steps_for_1000",
        14,
        "How many steps does κ = 1000 take at the best rate?",
        by="factor",
    ),
    Question(
        "velocity_always_one",
        14,
        "v for μ = 0.9 after fifty gradients of 1?",
    ),
    Question(
        "velocity_in_turns",
        14,
        "|v| for μ = 0.9 after fifty gradients 1, −1, 1, −1, …?",
    ),
    Question(
        "steps_with_momentum",
        14,
        "How many steps does κ = 100 take with that momentum? (Plain: 346.)",
        by="factor",
    ),
    Question(
        "first_step_of_adam",
        14,
        "How far does Adam's first step go for g = 50, with η = 0.01?",
        by="factor",
    ),
    Question(
        "best_depth",
        15,
        "At which depth (2, 3, 5, 10, 20) does ReLU end with the lowest training loss?",
    ),
    Question(
        "sigmoid_factor",
        15,
        "By which factor does δ change from one sigmoid layer to the one before it?",
    ),
    Question(
        "normal_factor",
        15,
        "By which factor does the size of δ change from one ReLU layer to the one before it, with weights "
        "from N(0, 1)?",
    ),
    Question(
        "cosine_after_19",
        15,
        "What is the mean cosine between two rows after 19 layers?",
    ),
    Question(
        "growth_of_18_blocks",
        15,
        "By which factor does the size of the signal grow over 18 blocks?",
        by="factor",
    ),
    Question(
        "error_of_twice_the_width",
        15,
        "By which number is the largest error divided when the width doubles?",
        by="factor",
    ),
]
BY_NAME = {question.name: question for question in ALL}
