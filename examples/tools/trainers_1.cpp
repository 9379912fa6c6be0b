// For models of one output.
#include "trainer_of.hpp"

template std::unique_ptr<tool::AnyTrainer> tool::make_trainer_of<1>(functional::Model&, const Compilation&);
