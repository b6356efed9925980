from .checker import *
from .model.language import *
from .properties import *
