"""Rules that opticians publish on which frames suit which faces, as data, each with its source."""

from __future__ import annotations

from dataclasses import dataclass

SHAPE, UNDERTONE, HAIR = "shape", "undertone", "hair"


@dataclass(frozen=True, slots=True)
class Source:
    """Who publishes a rule, and where."""

    publisher: str
    title: str
    url: str

    def __str__(self) -> str:
        return f"{self.publisher}, {self.title}"


COLEMAN = Source(
    "Coleman Opticians", "Frames and Fashion", "https://www.colemanopticians.co.uk/frames-and-fashion/"
)
MONGEY = Source("Mongey Opticians", "Frame shapes", "https://mongeyopticians.ie/?page_id=9")
MATCH_2015 = Source(
    "Eyecare Business",
    "Match Maker, April 2015",
    "https://eyecarebusiness.com/issues/2015/april/new-dispensermatch-maker",
)
MATCH_2016 = Source(
    "Eyecare Business",
    "The Matchmaker, May 2016",
    "https://www.eyecarebusiness.com/issues/2016/may-2016/new-dispenser",
)
FACE_FORWARD = Source(
    "Vision Care Product News", "Face Forward", "https://www.visioncareproducts.com/face-forward/"
)
FRAME_COLOUR = Source(
    "Vision Care Product News",
    "What Frame Color Is Best for Your Patients?",
    "https://www.visioncareproducts.com/what-frame-color-is-best-for-your-patients/",
)
TRINITY = Source(
    "Trinity Eye Care",
    "How to choose the right eyeglasses",
    "http://www.trinityeyecare.com/education-central/how-to-choose-the-right-eyeglasses/",
)
OPTICAL_EXPRESS = Source(
    "Optical Express",
    "How To Pick Your Perfect Pair Of Glasses",
    "http://www.opticalexpressmagazine.co.uk/pick-perfect-pair-glasses",
)
HAYSELDEN = Source(
    "Patricia Hayselden & Partners",
    "Choosing a frame to suit you",
    "https://patriciahayseldenandpartners.co.uk/choosing-a-frame-to-suit-you/",
)
ALL_ABOUT_VISION = Source(
    "All About Vision",
    "How can I tell if my eyeglass frames fit?",
    "https://www.allaboutvision.com/eyeglasses/right-frames-size/",
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is said of frames for faces with a trait.

    Attributes:
        trait: `SHAPE`, `UNDERTONE` or `HAIR`.
        value: of the trait.
        suits, avoid: shapes of frames, or colours, that the rule is for, and against.
        weight: beside the other rules.
        text: the rule in a sentence, as a reason for a frame.
        source: who says so.
    """

    trait: str
    value: str
    suits: tuple[str, ...]
    text: str
    source: Source
    avoid: tuple[str, ...] = ()
    weight: float = 1.0

    def weight_for(self, shape: str, colour: str) -> float:
        """What the rule says of a frame: its weight, as much below 0, or 0."""
        part = shape if self.trait == SHAPE else colour
        return self.weight * ((part in self.suits) - (part in self.avoid))


#: The one rule that applies to every face: size.
FIT = Rule("", "", (), "Its front, {width} mm, is as wide as the face.", ALL_ABOUT_VISION)

FIT_NEARLY = Rule(
    "",
    "",
    (),
    "Its front, {width} mm, is as near to the width of the face, {face} mm, as fronts are sold.",
    ALL_ABOUT_VISION,
)

RULES = (
    # The shape of the face: the frame contrasts with it.
    Rule(SHAPE, "round", ("rectangle", "half-rim", "navigator"),
         "A round face looks longer with an angular frame that is wider than deep.",
         MONGEY, avoid=("round",), weight=1.2),
    Rule(SHAPE, "round", ("square", "cat-eye"),
         "Square and upswept frames draw attention to the upper part of a round face.", COLEMAN),
    Rule(SHAPE, "round", ("hexagon", "browline"),
         "Straight lines add angles to a round face.",
         OPTICAL_EXPRESS, avoid=("round", "oval"), weight=0.8),
    Rule(SHAPE, "oval", ("rectangle", "square", "hexagon", "aviator", "navigator"),
         "An oval face carries most frames; angular ones and small aviators are worth trying.", COLEMAN),
    Rule(SHAPE, "oval", ("panto", "browline", "round", "cat-eye"),
         "An oval face looks good in almost any frame.", MATCH_2015, weight=0.7),
    Rule(SHAPE, "square", ("round", "oval", "panto"),
         "Round and oval frames soften a strong jaw.",
         COLEMAN, avoid=("square", "rectangle", "hexagon"), weight=1.2),
    Rule(SHAPE, "square", ("rimless",),
         "On an angular face rimless lenses without corners show no border.", MATCH_2015, weight=0.6),
    Rule(SHAPE, "square", ("cat-eye", "butterfly", "browline"),
         "Slightly curved frames that sit high on the face make less of a strong jaw.",
         OPTICAL_EXPRESS, weight=0.7),
    Rule(SHAPE, "heart", ("aviator", "rimless", "navigator"),
         "Frames that are light or wider below balance a wide forehead.",
         TRINITY, avoid=("browline", "butterfly", "cat-eye")),
    Rule(SHAPE, "heart", ("round", "oval", "panto", "square"),
         "Delicate rounded or squarish frames suit a small chin.", COLEMAN, weight=0.9),
    Rule(SHAPE, "oblong", ("square", "aviator", "panto", "butterfly"),
         "A deep frame makes a long face look shorter.",
         MONGEY, avoid=("rectangle", "half-rim", "rimless"), weight=1.2),
    Rule(SHAPE, "oblong", ("round", "browline"),
         "A round frame or a strong top line suits a long face.", COLEMAN),
    Rule(SHAPE, "oblong", ("navigator", "cat-eye"),
         "Depth with soft curves balances an oblong face.", FACE_FORWARD, weight=0.7),
    # The colours: the frame goes with the undertone of the skin, and contrasts with the hair.
    Rule(UNDERTONE, "warm", ("brown", "bronze", "tortoise", "gold"),
         "Earth tones suit skin with a warm, yellow undertone.", FRAME_COLOUR, avoid=("silver",)),
    Rule(UNDERTONE, "warm", ("red", "rose-gold", "ivory"),
         "Red, copper and off-white are worn with warm skin.", MATCH_2016, weight=0.5),
    Rule(UNDERTONE, "cool", ("blue", "burgundy", "navy"),
         "Jewel tones, ruby and sapphire, suit skin with a cool, pink undertone.", FRAME_COLOUR),
    Rule(UNDERTONE, "cool", ("black", "navy", "burgundy"),
         "Plum, blue and black are worn with cool skin.", MATCH_2016, weight=0.7),
    Rule(HAIR, "blonde", ("black", "navy", "burgundy", "tortoise", "gunmetal"),
         "A darker frame contrasts with blonde hair.", MATCH_2016, avoid=("gold", "champagne"), weight=0.7),
    Rule(HAIR, "brown", ("tortoise", "black", "blue"),
         "Rich tortoise, black and blue go with brown hair.", MATCH_2016, weight=0.6),
    Rule(HAIR, "red", ("green", "black", "brown"),
         "Green, neutral colours and black complement red hair.", MATCH_2016, avoid=("red",), weight=0.7),
    Rule(HAIR, "black", ("black", "tortoise"),
         "Black and dark tortoise stand up to black hair.",
         MATCH_2016, avoid=("crystal", "champagne", "ivory"), weight=0.6),
    Rule(HAIR, "black", ("red", "blue", "burgundy", "green"),
         "Strong colours stand up to black hair.", MATCH_2016, weight=0.3),
    Rule(HAIR, "grey", ("black", "burgundy"),
         "Black and cherry look good with grey hair.", MATCH_2016, avoid=("brown",), weight=0.7),
    Rule(HAIR, "grey", ("silver", "gunmetal"),
         "Silver and gunmetal are usual with grey hair.", FRAME_COLOUR, weight=0.5),
)  # fmt: skip
